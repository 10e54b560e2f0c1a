import type { Flow, FlowInput, Json, JsonObject } from '@tiercel/model';
import { IntakeError } from '../errors.ts';
import { converterOf, InputProblem, shown, type Converter } from './convert.ts';

/** Values given for inputs, by id; ids with dots may also be given nested. */
export type GivenInputs = Readonly<Record<string, unknown>>;

/** The verdict on one input. */
export interface ResolvedInput {
  readonly input: FlowInput;
  /** Absent when there is none or when it was refused. */
  readonly value?: Json;
  readonly error?: string;
}

/** The inputs of one flow, ready to judge values. */
export interface InputResolver {
  readonly inputs: readonly FlowInput[];
  /** One verdict for each input, in the order of the flow. */
  resolve(given: GivenInputs): readonly ResolvedInput[];
}

const nestedValue = (given: GivenInputs, id: string): unknown => {
  if (Object.hasOwn(given, id)) return given[id];
  let value: unknown = given;
  for (const part of id.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as GivenInputs)[part];
  }
  return value;
};

/** Builds the resolver of a flow's inputs (execution-semantics.md §10.2): given value, else default; typed, then validated. */
export function createInputResolver(inputs: readonly FlowInput[], isAddress: (text: string) => boolean): InputResolver {
  const converters = inputs.map((input): Converter => converterOf(input, isAddress));
  return {
    inputs,
    resolve: (given) => inputs.map((input, index) => resolveOne(input, converters[index]!, given)),
  };
}

/** The resolver of each flow, built once: patterns are compiled with it. */
export function createResolvers(isAddress: (text: string) => boolean): (flow: Flow) => InputResolver {
  const known = new WeakMap<Flow, InputResolver>();
  return (flow) => {
    let resolver = known.get(flow);
    if (resolver === undefined) known.set(flow, (resolver = createInputResolver(flow.inputs, isAddress)));
    return resolver;
  };
}

function resolveOne(input: FlowInput, convert: Converter, given: GivenInputs): ResolvedInput {
  const raw = nestedValue(given, input.id) ?? input.defaults ?? null;
  if (raw === null) {
    if (input.required !== false) return { input, error: refusal(input, 'missing required input', null) };
    return { input, value: null };
  }
  try {
    return { input, value: convert(raw) };
  } catch (error) {
    if (!(error instanceof InputProblem)) throw error;
    return { input, error: refusal(input, error.message, raw) };
  }
}

const refusal = (input: FlowInput, detail: string, value: unknown): string =>
  `Invalid input for \`${input.id}\`, ${detail}, but received \`${shown(value)}\``;

/**
 * The inputs of an execution from the verdicts; undefined when the flow has none. Throws IntakeError `invalid-inputs` with the
 * first violation, as the reference does.
 */
export function inputsOf(resolved: readonly ResolvedInput[]): JsonObject | undefined {
  const refused = resolved.find(({ error }) => error !== undefined);
  if (refused?.error !== undefined) {
    const { id } = refused.input;
    throw new IntakeError('invalid-inputs', `${id}: ${refused.error}`, {
      violations: [{ path: id, message: refused.error }],
    });
  }
  if (resolved.length === 0) return undefined;
  const inputs: Record<string, Json> = {};
  for (const { input, value } of resolved) put(inputs, input.id, value ?? null);
  return inputs;
}

/** Ids with dots nest. The parser refuses an id that is a value and holds others. */
function put(target: Record<string, Json>, id: string, value: Json): void {
  const parts = id.split('.');
  let owner = target;
  for (const part of parts.slice(0, -1)) {
    if (!Object.hasOwn(owner, part)) owner[part] = {};
    owner = owner[part] as Record<string, Json>;
  }
  owner[parts.at(-1)!] = value;
}
