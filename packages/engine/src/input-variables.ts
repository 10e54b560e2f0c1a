import type { Cipher } from '@tiercel/expressions';
import { holdsSecret, isDynamic, sealed, type FlowInput, type Json, type JsonObject } from '@tiercel/model';
import { inputReader, textOf, ValueProblem, type InputPorts } from './values/index.ts';

/** What the variable `inputs` needs to know of a flow, found once per revision. */
export interface PreparedInputs {
  /** Typed defaults by id. */
  readonly defaults: readonly { readonly id: string; readonly value: Json; readonly isConditional: boolean }[];
  /** Inputs whose values are encrypted: of a SECRET the row holds the encrypted text, of a list its items say it themselves. */
  readonly secrets: readonly { readonly id: string; readonly isText: boolean }[];
}

/** Defaults were judged when the flow was saved: what they are now is only converted. */
const PORTS: InputPorts = { isFile: () => true, seal: (text) => text, matcher: () => () => true };

export const prepareInputs = (inputs: readonly FlowInput[]): PreparedInputs => ({
  defaults: inputs
    .filter(({ defaults }) => defaults !== undefined && defaults !== null)
    .map((input) => ({ id: input.id, value: defaultOf(input), isConditional: input.dependsOn !== undefined })),
  secrets: inputs.filter(holdsSecret).map(({ id, type }) => ({ id, isText: type === 'SECRET' })),
});

function defaultOf(input: FlowInput): Json {
  const defaults = input.defaults ?? null;
  if (isDynamic(defaults)) return defaults;
  try {
    return inputReader(input, PORTS)(defaults).plain;
  } catch (error) {
    // Of a flow that an older version accepted.
    if (error instanceof ValueProblem) return defaults;
    throw error;
  }
}

/**
 * The variable `inputs` (execution-semantics.md §5): the values of the row and the defaults of what is absent, dotted ids nested.
 * Secrets are still encrypted, and marked as such. An execution that has inputs was resolved: what it has not of an input with
 * `dependsOn` was not asked for.
 */
export function inputVariables(
  { defaults, secrets }: PreparedInputs,
  given: JsonObject | undefined,
  cipher: Cipher | undefined,
): JsonObject | undefined {
  const missing = defaults.filter(
    ({ id, isConditional }) => valueAt(given, id) === undefined && !(isConditional && given !== undefined),
  );
  if (missing.length === 0 && secrets.length === 0) return given === undefined ? undefined : nest(given);
  if (missing.length === 0 && given === undefined) return undefined;
  let inputs = nest(given ?? {});
  for (const { id, value } of missing) {
    const isSecret = cipher !== undefined && secrets.some((secret) => secret.id === id);
    inputs = withValue(inputs, id.split('.'), isSecret ? sealedDefault(value, cipher) : value);
  }
  for (const { id, isText } of secrets) {
    const value = valueAt(inputs, id);
    if (isText && typeof value === 'string') inputs = withValue(inputs, id.split('.'), { ...sealed(value) });
  }
  return inputs;
}

/** A secret default, as a row would hold it. */
const sealedDefault = (value: Json, cipher: Cipher): Json =>
  Array.isArray(value)
    ? value.map((item: Json) => ({ ...sealed(cipher.seal(textOf(item))) }))
    : cipher.seal(textOf(value));

/** A value by its id, nested or not. */
function valueAt(inputs: JsonObject | undefined, id: string): Json | undefined {
  if (inputs === undefined || Object.hasOwn(inputs, id)) return inputs?.[id];
  let value: Json | undefined = inputs;
  for (const part of id.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as JsonObject)[part];
  }
  return value;
}

/** A copy with one value more; what is beside the path is shared. */
function withValue(map: JsonObject, path: readonly string[], value: Json): JsonObject {
  const [head, ...rest] = path as [string, ...string[]];
  const below = map[head];
  const inner = typeof below === 'object' && below !== null && !Array.isArray(below) ? (below as JsonObject) : {};
  return { ...map, [head]: rest.length === 0 ? value : withValue(inner, rest, value) };
}

/** `{"a.b": 1}` becomes `{"a": {"b": 1}}`; the flow's validation has refused ids that are both leaf and parent. */
export function nest(flat: JsonObject): JsonObject {
  if (!Object.keys(flat).some((key) => key.includes('.'))) return flat;
  const nested: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [key, value] of Object.entries(flat)) {
    const parts = key.split('.');
    let place = nested;
    for (const part of parts.slice(0, -1)) {
      const next = place[part];
      place = (typeof next === 'object' && next !== null ? next : (place[part] = Object.create(null))) as Record<
        string,
        unknown
      >;
    }
    place[parts[parts.length - 1]!] = value;
  }
  return nested as JsonObject;
}
