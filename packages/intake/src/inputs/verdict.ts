import { HIDDEN, shownValue } from '@tiercel/engine';
import { holdsSecret, type FlowInput, type Json, type JsonObject } from '@tiercel/model';
import { IntakeError } from '../errors.ts';

/** Values given for inputs, by id; ids with dots may also be given nested. */
export type GivenInputs = Readonly<Record<string, unknown>>;

/** The verdict on one input. */
export interface ResolvedInput {
  /** With the values that its expression gave. */
  readonly input: FlowInput;
  /** What an execution keeps; of an input that was refused or is disabled what was given, unless it is secret. Absent when there is none. */
  readonly value?: Json;
  /** False: it is not asked for, and an execution has no value of it. */
  readonly enabled: boolean;
  /** Why it is refused; of a disabled one, why nobody could tell whether it is enabled. */
  readonly error?: string;
}

/** A value by the id of its input, also when it was given nested. */
export function valueOfInput(given: GivenInputs, id: string): unknown {
  if (Object.hasOwn(given, id)) return given[id];
  let value: unknown = given;
  for (const part of id.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as GivenInputs)[part];
  }
  return value;
}

/** What was given of an input, for people: nothing of a secret. */
export const shownGiven = (input: FlowInput, raw: Json): { readonly value?: Json } =>
  raw === null || holdsSecret(input) ? {} : { value: raw };

/** A refusal in the reference's words (execution-semantics.md §10.2); secrets are not repeated. */
export function refusal(input: FlowInput, detail: string, value: Json): string {
  const shown = value !== null && holdsSecret(input) ? HIDDEN : shownValue(value);
  return `Invalid input for \`${input.id}\`, ${detail}, but received \`${shown}\``;
}

/**
 * The inputs of an execution from the verdicts; undefined when the flow has none. Disabled ones are left out. Throws IntakeError
 * `invalid-inputs` with the first violation, as the reference does.
 */
export function inputsOf(resolved: readonly ResolvedInput[]): JsonObject | undefined {
  const refused = resolved.find(({ enabled, error }) => enabled && error !== undefined);
  if (refused?.error !== undefined) {
    const { id } = refused.input;
    throw new IntakeError('invalid-inputs', `${id}: ${refused.error}`, {
      violations: [{ path: id, message: refused.error }],
    });
  }
  if (resolved.length === 0) return undefined;
  return nested(resolved.filter(({ enabled }) => enabled).map(({ input, value }) => [input.id, value ?? null]));
}

/** Values by id as one map: ids with dots nest. The parser refuses an id that is a value and holds others. */
export function nested(values: Iterable<readonly [string, Json]>): JsonObject {
  const inputs: Record<string, Json> = {};
  for (const [id, value] of values) putInput(inputs, id, value);
  return inputs;
}

/** Puts one value into such a map. */
export function putInput(inputs: Record<string, Json>, id: string, value: Json): void {
  const parts = id.split('.');
  let owner = inputs;
  for (const part of parts.slice(0, -1)) {
    if (!Object.hasOwn(owner, part)) owner[part] = {};
    owner = owner[part] as Record<string, Json>;
  }
  owner[parts.at(-1)!] = value;
}
