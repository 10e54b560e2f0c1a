import type { FlowInput, Json } from '@tiercel/model';
import { ValueProblem } from './problem.ts';
import { textOf } from './read.ts';
import { compareTimes, shownBound, type TimeType } from './times.ts';

/** A regular expression that was compiled. `undecided`: matching took too long. */
export type Matcher = (text: string) => boolean | 'undecided';

/** What an input's own properties say on a value that has its type. Throws ValueProblem. */
export type Rule = (value: Json) => void;

const EMAIL = /^(?:[^\s@"(),:;<>[\]\\]+@[A-Za-z0-9.-]+)?$/u;

/**
 * The rule of an input (execution-semantics.md §10.2), or none. `matcher` compiles a pattern, once. `normal` gives a value of a list of
 * choices the form in which an item is stored (`18:27` as TIME is `18:27:00`).
 */
export function ruleOf(
  input: FlowInput,
  matcher: (pattern: string) => Matcher,
  normal: (value: string) => Json = (value) => value,
): Rule | undefined {
  switch (input.type) {
    case 'STRING':
    case 'SECRET':
      return input.validator === undefined ? undefined : patternRule(input.validator, matcher);
    case 'ENUM':
      return input.required === false ? undefined : oneOf(input.values);
    case 'SELECT': {
      const isOpen = input.required === false || input.allowCustomValue === true;
      return isOpen ? undefined : oneOf(input.values ?? []);
    }
    case 'MULTISELECT':
      return manyOf(input, normal);
    case 'INT':
    case 'FLOAT':
      return between(input.min, input.max);
    case 'DATETIME':
    case 'DATE':
    case 'TIME':
      return timeRule(input.type, input.after, input.before, ['it must be after', 'it must be before']);
    case 'DURATION':
      return timeRule(input.type, input.min, input.max, ['It must be more than', 'It must be less than']);
    case 'FILE':
      return extensionRule(input.allowedFileExtensions);
    case 'EMAIL':
      return (value) => refuseUnless(EMAIL.test(value as string), 'The input must be a valid email');
    default:
      return undefined;
  }
}

function refuseUnless(holds: boolean, message: string): void {
  if (!holds) throw new ValueProblem(message);
}

/** Compiled when the first value comes: most patterns of most flows wait long for one. */
function patternRule(pattern: string, matcher: (pattern: string) => Matcher): Rule {
  let matches: Matcher | undefined;
  return (value) => {
    matches ??= matcher(pattern);
    const found = matches(value as string);
    refuseUnless(found !== 'undecided', `it takes too long to match it with the pattern \`${pattern}\``);
    refuseUnless(found === true, `it must match the pattern \`${pattern}\``);
  };
}

const listed = (values: readonly string[]): string => `it must match the values \`[${values.join(', ')}]\``;

function oneOf(values: readonly string[]): Rule {
  const known = new Set(values);
  return (value) => refuseUnless(known.has(value as string), listed(values));
}

function manyOf(
  input: FlowInput & { readonly type: 'MULTISELECT' },
  normal: (value: string) => Json,
): Rule | undefined {
  const { values, options, allowCustomValue } = input;
  if (values !== undefined && options !== undefined) {
    return () => refuseUnless(false, "you can't define both `values` and `options`");
  }
  if (allowCustomValue === true) return undefined;
  const choices = values ?? options ?? [];
  const known = new Set([...choices, ...choices.map((choice) => textOf(normal(choice)))]);
  return (value) =>
    refuseUnless(
      (value as readonly Json[]).every((item) => known.has(textOf(item))),
      listed(choices),
    );
}

function between(min: number | undefined, max: number | undefined): Rule | undefined {
  if (min === undefined && max === undefined) return undefined;
  return (value) => {
    if (min !== undefined) refuseUnless((value as number) >= min, `it must be more than \`${min}\``);
    if (max !== undefined) refuseUnless((value as number) <= max, `it must be less than \`${max}\``);
  };
}

function timeRule(
  type: TimeType,
  least: string | undefined,
  most: string | undefined,
  words: readonly [string, string],
): Rule | undefined {
  if (least === undefined && most === undefined) return undefined;
  return (value) => {
    const holds = (bound: string, sign: 1 | -1): boolean => compareTimes(type, value as string, bound) * sign >= 0;
    if (least !== undefined) refuseUnless(holds(least, 1), `${words[0]} \`${shownBound(type, least)}\``);
    if (most !== undefined) refuseUnless(holds(most, -1), `${words[1]} \`${shownBound(type, most)}\``);
  };
}

function extensionRule(extensions: readonly string[] | undefined): Rule | undefined {
  if (extensions === undefined || extensions.length === 0) return undefined;
  return (value) =>
    refuseUnless(
      hasExtension(value as string, extensions),
      `File type not allowed. Accepted extensions: ${extensions.join(', ')}`,
    );
}

/** Whether a file name, or an address, ends with one of the extensions, in any case. */
export function hasExtension(name: string, extensions: readonly string[]): boolean {
  const lower = name.toLowerCase();
  return extensions.some((extension) => lower.endsWith(extension));
}
