import { compareTimes, inputReader, readTime, ValueProblem, type TimeType } from '@tiercel/engine';
import { isDynamic, type FlowInput, type Json } from '@tiercel/model';
import type { ExpressionErrors } from '../checks/expressions.ts';
import { compilePattern } from '../pattern.ts';
import type { Path } from '../problem.ts';
import type { RawMap, Reader } from '../reader.ts';
import type { ReadInput } from './inputs.ts';

/**
 * What a schema cannot say of an input (execution-semantics.md §10.2, §10.10): bounds and patterns are what they must be, values can be
 * chosen, the default is one that the input would take. Answers the input with bounds as they are compared; undefined when it cannot be used.
 */
export function checkInputValues(
  reader: Reader,
  input: ReadInput,
  at: Path,
  defaultErrors: ExpressionErrors,
): ReadInput | undefined {
  const before = reader.problems.length;
  const checked = checkedInput(reader, input, at);
  checkItemType(reader, checked, at);
  checkPattern(reader, checked, at);
  checkChoice(reader, checked, at);
  // A default is judged by the rules, so they have to be right.
  if (reader.problems.length === before) checkDefault(reader, checked, at, defaultErrors);
  return checked;
}

function checkedInput(reader: Reader, input: ReadInput, at: Path): ReadInput {
  switch (input.type) {
    case 'INT':
    case 'FLOAT':
      checkOrder(reader, at, ['min', 'max'], (input.min ?? -Infinity) <= (input.max ?? Infinity), String(input.max));
      return input;
    case 'DATETIME':
    case 'DATE':
    case 'TIME':
      return withBounds(reader, input, at, input.type, ['after', 'before']);
    case 'DURATION':
      return withBounds(reader, input, at, input.type, ['min', 'max']);
    case 'FILE':
      return withExtensions(reader, input, at);
    default:
      return input;
  }
}

function checkOrder(reader: Reader, at: Path, names: readonly [string, string], holds: boolean, most: string): void {
  if (!holds) reader.constraint([...at, names[0]], `must not be more than ${names[1]} (${most})`);
}

/** Bounds as the type's own text. */
function withBounds(
  reader: Reader,
  input: ReadInput,
  at: Path,
  type: TimeType,
  names: readonly [string, string],
): ReadInput {
  const bounds: RawMap = {};
  for (const name of names) {
    const given = (input as unknown as RawMap)[name];
    if (given === undefined) continue;
    const read = valueOr(() => readTime(type, given));
    if ('problem' in read) reader.constraint([...at, name], read.problem);
    else bounds[name] = read.value;
  }
  const [least, most] = names.map((name) => bounds[name] as string | undefined);
  if (least !== undefined && most !== undefined) {
    checkOrder(reader, at, names, compareTimes(type, least, most) <= 0, most);
  }
  return { ...input, ...bounds };
}

function valueOr<T>(read: () => T): { readonly value: T } | { readonly problem: string } {
  try {
    return { value: read() };
  } catch (error) {
    if (!(error instanceof ValueProblem)) throw error;
    // In one line: it is told beside other problems.
    return { problem: error.message.replace(/:?\n```\n|\n```\n?/g, ' ').trim() };
  }
}

/** `accept` is an older name of `allowedFileExtensions`, also as one text with commas. */
function withExtensions(reader: Reader, input: ReadInput, at: Path): ReadInput {
  const { accept, ...rest } = input as ReadInput & {
    readonly accept?: unknown;
    readonly allowedFileExtensions?: readonly string[];
  };
  const name = accept === undefined ? 'allowedFileExtensions' : 'accept';
  if (accept !== undefined) reader.deprecate([...at, 'accept']);
  const given = rest.allowedFileExtensions ?? (typeof accept === 'string' ? accept.split(',') : accept);
  if (given === undefined) return rest;
  const extensions = Array.isArray(given)
    ? given.map((item: unknown) => (typeof item === 'string' ? item.trim().toLowerCase() : ''))
    : [''];
  if (extensions.some((extension) => !/^\.[^\s/\\]+$/.test(extension))) {
    reader.constraint([...at, name], 'must be a list of extensions, each with its dot, such as [.csv, .json]');
  }
  return { ...rest, allowedFileExtensions: extensions } as ReadInput;
}

function checkItemType(reader: Reader, input: FlowInput, at: Path): void {
  if (!('itemType' in input)) return;
  const itemType: string | undefined = input.itemType;
  if (itemType === 'ARRAY') {
    reader.constraint(at, '`itemType` cannot be `ARRAY`', reader.document.place([...at, 'itemType']));
  }
}

function checkPattern(reader: Reader, input: FlowInput, at: Path): void {
  if (!('validator' in input) || input.validator === undefined) return;
  if (compilePattern(input.validator) === undefined) {
    reader.constraint([...at, 'validator'], `invalid pattern [${input.validator}]`);
  }
}

/** A choice without anything to choose from takes no value. */
function checkChoice(reader: Reader, input: FlowInput, at: Path): void {
  if (input.type !== 'SELECT' && input.type !== 'MULTISELECT') return;
  const { values, expression, allowCustomValue } = input;
  const options = input.type === 'MULTISELECT' ? input.options : undefined;
  if (options !== undefined) reader.deprecate([...at, 'options']);
  if (values !== undefined && options !== undefined) {
    reader.warn(
      () => `input \`${input.id}\`: you can't define both \`values\` and \`options\`, no value will be accepted`,
    );
  }
  if ((values ?? options ?? []).length === 0 && expression === undefined && allowCustomValue !== true) {
    reader.constraint(at, 'needs `values` or an `expression` that gives them');
  }
}

function checkDefault(reader: Reader, input: FlowInput, at: Path, errors: ExpressionErrors): void {
  const { defaults, prefill, type } = input;
  if (defaults !== undefined && defaults !== null && prefill !== undefined) {
    reader.constraint(
      at,
      'cannot have both `defaults` and `prefill`',
      reader.document.place([...at, 'prefill'], 'key'),
    );
  }
  if (type === 'FILE' && defaults !== undefined && defaults !== null) {
    const place = reader.document.place([...at, 'defaults'], 'key');
    reader.constraint(at, "no `defaults` can be set for inputs of type 'FILE'", place);
    return;
  }
  for (const [name, value] of [
    ['defaults', defaults],
    ['prefill', prefill],
  ] as const) {
    if (value === undefined || value === null || isDynamic(value) || type === 'FILE') continue;
    const problem = whyNot(input, value);
    if (problem === undefined) continue;
    if (errors === 'problem') reader.constraint([...at, name], problem);
    else reader.warn(() => `input \`${input.id}\`: ${name}: ${problem}`);
  }
}

/** Why an input would refuse a value. Values that are chosen from an expression are judged when there is one. */
function whyNot(input: FlowInput, value: Json): string | undefined {
  const isOpen = 'expression' in input && input.expression !== undefined;
  const isWarned = input.type === 'MULTISELECT' && input.values !== undefined && input.options !== undefined;
  if (isWarned) return undefined;
  const judged = isOpen ? { ...input, allowCustomValue: true } : input;
  const matcher = (pattern: string) => (text: string) => compilePattern(pattern)?.matches(text) ?? false;
  const read = valueOr(() => inputReader(judged, { isFile: () => true, seal: (text) => text, matcher })(value));
  return 'problem' in read ? read.problem : undefined;
}
