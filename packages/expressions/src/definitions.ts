import { fail } from './errors.ts';
import type { Context } from './context.ts';
import { isInteger, toBigInt, toDouble, typeName, type Value } from './values.ts';

/** Evaluated arguments by place; `undefined` where none was given. */
export type ArgValues = readonly (Value | undefined)[];

export interface FilterDefinition {
  /** Names of the arguments in order; null: arguments are ignored (expressions.md §3.1). */
  readonly params: readonly string[] | null;
  /** True when null reaches the filter; otherwise null stays null. */
  readonly takesNull?: boolean;
  readonly apply: (input: Value, args: ArgValues, context: Context) => Value;
}

export interface FunctionDefinition {
  /** Names of the arguments in order; null: any number of positional ones. */
  readonly params: readonly string[] | null;
  /** True when a host has to perform it. */
  readonly io?: boolean;
  /** True when it can read any variable, so that static analysis can not tell which. */
  readonly dynamic?: boolean;
  /** Variables that it reads by itself, for static analysis. */
  readonly reads?: readonly (readonly string[])[];
  readonly call: (args: ArgValues, context: Context) => Value;
}

/** The argument as a text, or a failure that names it. */
export function textArg(args: ArgValues, index: number, what: string): string {
  const value = required(args, index, what);
  return typeof value === 'string' ? value : fail(`${what} must be a text, not ${typeName(value)}`);
}

/** The argument, or a failure when none was given; null counts as given. */
export function required(args: ArgValues, index: number, what: string): Value {
  const value = args[index];
  return value === undefined ? fail(`${what} is missing`) : value;
}

/** A whole number within the safe range; decimals without a fraction count, texts do not. */
export function wholeArg(args: ArgValues, index: number, what: string): number {
  const value = required(args, index, what);
  if (!isInteger(value)) return fail(`${what} must be a whole number, not ${typeName(value)}`);
  const number = toDouble(value);
  return Number.isSafeInteger(number) ? number : fail(`${what} is too large: ${toBigInt(value)}`);
}

/** A text or null; absent counts as null. */
export function optionalText(args: ArgValues, index: number, what: string): string | null {
  const value = args[index];
  if (value === undefined || value === null) return null;
  return typeof value === 'string' ? value : fail(`${what} must be a text, not ${typeName(value)}`);
}

/** A boolean; absent or null gives the default. */
export function optionalBoolean(args: ArgValues, index: number, what: string, fallback: boolean): boolean {
  const value = args[index];
  if (value === undefined || value === null) return fallback;
  return typeof value === 'boolean' ? value : fail(`${what} must be a boolean, not ${typeName(value)}`);
}
