import { shownValue, ValueProblem } from './problem.ts';

const INT = /^[-+]?\d+$/;
const FLOAT = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/;
const INT_MIN = -(2 ** 31);
const INT_MAX = 2 ** 31 - 1;

const noNumber = (value: unknown): never => {
  throw new ValueProblem(`For input string: "${shownValue(value)}"`);
};

/** A whole number of 32 bits, as the reference stores it (execution-semantics.md §10.2). Throws ValueProblem. */
export function readInt(value: unknown): number {
  const number =
    typeof value === 'number' ? value : typeof value === 'string' && INT.test(value) ? Number(value) : noNumber(value);
  if (!Number.isInteger(number) || number < INT_MIN || number > INT_MAX) return noNumber(value);
  return number + 0;
}

/** A decimal number of 32 bits, as the reference stores it (execution-semantics.md §10.2). Throws ValueProblem. */
export function readFloat(value: unknown): number {
  const number =
    typeof value === 'number'
      ? value
      : typeof value === 'string' && FLOAT.test(value.trim())
        ? Number(value)
        : noNumber(value);
  const single = Math.fround(number);
  return Number.isFinite(single) ? shortestFloat(single) + 0 : noNumber(value);
}

/** The decimal number with the fewest digits that is this 32-bit float: 42.42, not 42.41999816894531. */
function shortestFloat(single: number): number {
  for (let digits = 6; digits < 10; digits++) {
    const short = Number(single.toPrecision(digits));
    if (Math.fround(short) === single) return short;
  }
  return single;
}
