import { holdsSecret, Masking, parseJson, type FlowInput, type Json } from '@tiercel/model';
import { valueOfInput, type GivenInputs, type ResolvedInput } from './verdict.ts';

/** The secrets among the values of a request, for its messages; undefined when the inputs hold none. */
export function maskingOf(inputs: readonly FlowInput[], given: GivenInputs): Masking | undefined {
  const secret = inputs.filter(holdsSecret);
  if (secret.length === 0) return undefined;
  const masking = new Masking();
  for (const input of secret) {
    const value = valueOfInput(given, input.id) as Json | undefined;
    addSecret(masking, input, value ?? null);
    addSecret(masking, input, input.defaults ?? null);
  }
  return masking;
}

/** Texts within the JSON of a secret are hidden on their own from this length on: an input of type JSON takes it apart. */
const SHORTEST_PART = 8;

/** Hides a value of a secret input: whole, and each item where it is a list, or the JSON text of one. */
export function addSecret(masking: Masking, input: FlowInput, value: Json): void {
  masking.addAll(value);
  if (input.type === 'SECRET' && typeof value === 'object' && value !== null) masking.add(JSON.stringify(value));
  if (typeof value !== 'string') return;
  const parsed = parsedJson(value);
  if (input.type !== 'SECRET') masking.addAll(parsed);
  else for (const text of textsIn(parsed)) if (text.length >= SHORTEST_PART) masking.add(text);
}

function parsedJson(text: string): Json {
  try {
    return parseJson(text) as Json;
  } catch {
    // No JSON: the whole text is the secret.
    return null;
  }
}

function textsIn(value: Json): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap((part: Json) => textsIn(part)) : [];
}

/** The verdicts without secrets in their messages. */
export const withoutSecrets = (verdicts: readonly ResolvedInput[], masking: Masking): readonly ResolvedInput[] =>
  verdicts.map((verdict) =>
    verdict.error === undefined ? verdict : { ...verdict, error: masking.apply(verdict.error) },
  );

/**
 * The verdicts for people, who see neither what an expression has taken from a secret into another input's value, nor into what there is to
 * choose from. The values of secret inputs themselves are encrypted.
 */
export function shownVerdicts(verdicts: readonly ResolvedInput[], masking: Masking): readonly ResolvedInput[] {
  return withoutSecrets(verdicts, masking).map((verdict) => {
    const { input, value } = verdict;
    if (holdsSecret(input)) return verdict;
    return {
      ...verdict,
      ...('values' in input && input.values !== undefined ? { input: withMaskedValues(input, masking) } : {}),
      ...(value === undefined ? {} : { value: masking.applyTo(value) }),
    };
  });
}

const withMaskedValues = (input: FlowInput & { readonly values?: readonly string[] }, masking: Masking): FlowInput =>
  ({ ...input, values: input.values?.map((value) => masking.apply(value)) }) as FlowInput;
