import { readYaml } from '@tiercel/expressions';
import { JsonDepthError, parseJson, type Json } from '@tiercel/model';
import { notA, shownValue, ValueProblem } from './problem.ts';

/** Levels and values that a structure may have; what is beyond is refused before anything walks it. */
const MAX_DEPTH = 200;
const MAX_VALUES = 1_000_000;

/** A JSON text as its value; a value that is none stays as it is. `type` and `shown` are for the message. Throws ValueProblem. */
export function readJson(type: string, raw: Json, shown: (value: Json) => string = shownValue): Json {
  if (typeof raw !== 'string') return bounded(type, raw);
  try {
    return parseJson(raw) as Json;
  } catch (error) {
    // It may well be JSON: saying that JSON was expected would mislead.
    if (error instanceof JsonDepthError) throw new ValueProblem(`its JSON is ${error.message}`);
    return notA(type, shown(raw), (error as Error).message);
  }
}

/** The first document of a YAML text as its value; a value that is no text stays as it is. Throws ValueProblem. */
export function readYamlValue(raw: Json): Json {
  if (typeof raw !== 'string') return bounded('YAML', raw);
  let value: unknown;
  try {
    value = readYaml(raw);
  } catch (error) {
    return notA('YAML', shownValue(raw), (error as Error).message);
  }
  return bounded('YAML', value);
}

/** The items of a list, or of the JSON text of one. Throws ValueProblem. */
export function readList(type: string, raw: Json, shown: (value: Json) => string): readonly Json[] {
  const value = typeof raw === 'string' ? readJson(type, raw, shown) : raw;
  if (!Array.isArray(value))
    return notA(type, shown(raw), 'it must be a list, or a JSON text of one such as ["a", "b"]');
  return value as readonly Json[];
}

/** Plain data that JSON can hold: whole numbers beyond 53 bits become decimals, as in JSON texts. */
function bounded(type: string, value: unknown): Json {
  let values = 0;
  const walk = (part: unknown, depth: number): Json => {
    values += 1;
    if (depth > MAX_DEPTH) throw new ValueProblem(`its ${type} is nested deeper than ${MAX_DEPTH} levels`);
    if (values > MAX_VALUES) throw new ValueProblem(`its ${type} has more than ${MAX_VALUES} values`);
    if (typeof part === 'bigint') return Number(part);
    if (typeof part !== 'object' || part === null) return part as Json;
    if (Array.isArray(part)) return part.map((item: unknown) => walk(item, depth + 1));
    return Object.fromEntries(Object.entries(part).map(([key, item]) => [key, walk(item, depth + 1)]));
  };
  return walk(value, 0);
}
