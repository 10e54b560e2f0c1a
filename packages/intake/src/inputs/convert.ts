import { compilePattern, type Pattern } from '@tiercel/flow-source';
import { JsonDepthError, parseJson, type FlowInput, type Json } from '@tiercel/model';

/** What is wrong with a value, without saying of which input: the middle of the message (execution-semantics.md §10.2). */
export class InputProblem extends Error {}

const INT = /^[-+]?\d+$/;
const FLOAT = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/;
const INT_MIN = -(2 ** 31);
const INT_MAX = 2 ** 31 - 1;

/** How much of a bad value a message repeats. */
const SHOWN = 300;
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? null);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

const expected = (type: string, value: unknown, reason: string): never => {
  throw new InputProblem(
    `Expected \`${type}\` but received \`${shown(value)}\` with errors:\n\`\`\`\n${reason}\n\`\`\``,
  );
};

const noNumber = (value: unknown): never => {
  throw new InputProblem(`For input string: "${shown(value)}"`);
};

/** Converts a value of a request, or a default, to the type of its input. Throws InputProblem. */
export type Converter = (value: unknown) => Json;

/** A text stays as it is; other scalars become their text, structures their JSON. */
const toText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function toInt(value: unknown): number {
  const number =
    typeof value === 'number' ? value : typeof value === 'string' && INT.test(value) ? Number(value) : noNumber(value);
  // 32 bits, as the reference stores it.
  if (!Number.isInteger(number) || number < INT_MIN || number > INT_MAX) return noNumber(value);
  return number;
}

function toFloat(value: unknown): number {
  const number =
    typeof value === 'number'
      ? value
      : typeof value === 'string' && FLOAT.test(value.trim())
        ? Number(value)
        : noNumber(value);
  const single = Math.fround(number);
  return Number.isFinite(single) ? shortestFloat(single) : noNumber(value);
}

/** The decimal number with the fewest digits that is this 32-bit float: 42.42, not 42.41999816894531. */
function shortestFloat(single: number): number {
  for (let digits = 6; digits < 10; digits++) {
    const short = Number(single.toPrecision(digits));
    if (Math.fround(short) === single) return short;
  }
  return single;
}

/** A text is true when it says `true` in any case, and false otherwise. */
const toBoolean = (value: unknown): boolean =>
  typeof value === 'boolean' ? value : toText(value).toLowerCase() === 'true';

function toJson(value: unknown): Json {
  if (typeof value !== 'string') return value as Json;
  try {
    return parseJson(value) as Json;
  } catch (error) {
    // It may well be JSON: saying that JSON was expected would mislead.
    if (error instanceof JsonDepthError) throw new InputProblem(`its JSON is ${error.message}`);
    return expected('JSON', value, (error as Error).message);
  }
}

function bounded(convert: (value: unknown) => number, { min, max }: FlowInput): Converter {
  return (value) => {
    const number = convert(value);
    if (min !== undefined && number < min) throw new InputProblem(`it must be more than \`${min}\``);
    if (max !== undefined && number > max) throw new InputProblem(`it must be less than \`${max}\``);
    return number;
  };
}

function text({ validator }: FlowInput): Converter {
  if (validator === undefined) return toText;
  let pattern: Pattern | undefined;
  return (value) => {
    const converted = toText(value);
    pattern ??= compilePattern(validator);
    if (pattern?.matches(converted) !== true) throw new InputProblem(`it must match the pattern \`${validator}\``);
    return converted;
  };
}

/** An uploaded file is given by its address; a caller can name another file of the internal storage. */
function file(isAddress: (text: string) => boolean): Converter {
  return (value) => {
    if (typeof value === 'string' && isAddress(value)) return value;
    return expected(
      'FILE',
      value,
      'it must be a file of the request or an address of the internal storage (kestra:///…)',
    );
  };
}

/** The converter of an input. `isAddress`: whether a text is an address of the internal storage. */
export function converterOf(input: FlowInput, isAddress: (text: string) => boolean): Converter {
  switch (input.type) {
    case 'STRING':
      return text(input);
    case 'INT':
      return bounded(toInt, input);
    case 'FLOAT':
      return bounded(toFloat, input);
    case 'BOOLEAN':
      return toBoolean;
    case 'JSON':
      return toJson;
    case 'FILE':
      return file(isAddress);
  }
}
