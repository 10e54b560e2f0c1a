import { ValueProblem, type InputReader } from '@tiercel/engine';
import type { FlowInput, Json } from '@tiercel/model';
import { refusal, shownGiven, type ResolvedInput } from './verdict.ts';

/** The verdict on a value with its plain form, which expressions see. */
export interface Judged {
  readonly verdict: ResolvedInput;
  readonly plain: Json;
}

/** Reads a value that was given or comes from the default (execution-semantics.md §10.2, 6 and 7). */
export function verdictOn(input: FlowInput, read: InputReader, raw: Json): Judged {
  if (raw === null) {
    const missing = input.required !== false;
    const outcome = missing ? { error: refusal(input, 'missing required input', null) } : { value: null };
    return { verdict: { input, enabled: true, ...outcome }, plain: null };
  }
  try {
    const { stored, plain } = read(raw);
    return { verdict: { input, enabled: true, value: stored }, plain };
  } catch (error) {
    if (!(error instanceof ValueProblem)) throw error;
    const message = refusal(input, error.message, raw);
    return { verdict: { input, enabled: true, error: message, ...shownGiven(input, raw) }, plain: raw };
  }
}

/** What stands in for a value that was not given: the default, else the first of the values where that was asked for. */
export function fallbackOf(input: FlowInput): Json {
  if (input.defaults !== undefined && input.defaults !== null) return input.defaults;
  const first = 'autoSelectFirst' in input && input.autoSelectFirst ? input.values?.[0] : undefined;
  if (first === undefined) return null;
  return input.type === 'MULTISELECT' ? [first] : first;
}
