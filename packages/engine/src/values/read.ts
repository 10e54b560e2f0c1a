import { sealed, type InputType, type Json } from '@tiercel/model';
import { readFloat, readInt } from './numbers.ts';
import { HIDDEN, notA, shownValue, ValueProblem } from './problem.ts';
import { readJson, readList, readYamlValue } from './structures.ts';
import { readTime } from './times.ts';

/** What the reading of values needs of its caller. */
export interface ValuePorts {
  /** Whether a text is an address of the internal storage. */
  readonly isFile: (text: string) => boolean;
  /** Encrypts a secret. Absent: the server has no encryption key. */
  readonly seal?: ((text: string) => string) | undefined;
}

/**
 * Reads a raw value as a type, and gives the form in which it is stored (execution-semantics.md §10.2, §10.4): the one place for
 * inputs of executions, their defaults, and flow outputs. What has been read can be read again, except JSON and YAML that is a text
 * and SECRET. `raw` is not null. Throws ValueProblem.
 */
export function readValue(type: InputType, raw: Json, ports: ValuePorts, itemType?: InputType): Json {
  switch (type) {
    case 'STRING':
    case 'ENUM':
    case 'SELECT':
    case 'EMAIL':
      return textOf(raw);
    case 'INT':
      return readInt(raw);
    case 'FLOAT':
      return readFloat(raw);
    case 'BOOLEAN':
      return isTrue(raw);
    case 'DATETIME':
    case 'DATE':
    case 'TIME':
    case 'DURATION':
      return readTime(type, raw);
    case 'FILE':
      return readFile(raw, ports);
    case 'JSON':
      return readJson(type, raw);
    case 'YAML':
      return readYamlValue(raw);
    case 'URI':
      return readUri(raw);
    case 'SECRET':
      return readSecret(textOf(raw), ports);
    case 'ARRAY':
    case 'MULTISELECT':
      return readItems(type, raw, ports, itemType);
  }
}

/** A text stays as it is; other scalars become their text, structures their JSON. */
export const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** A text is true when it says `true` in any case, and false otherwise. */
const isTrue = (value: Json): boolean => (typeof value === 'boolean' ? value : textOf(value).toLowerCase() === 'true');

function readFile(raw: Json, { isFile }: ValuePorts): string {
  if (typeof raw === 'string' && isFile(raw)) return raw;
  return notA(
    'FILE',
    shownValue(raw),
    'it must be a file of the request or an address of the internal storage (kestra:///…)',
  );
}

/** Scheme, `://`, and characters that an address can have; no spaces, no quotes. */
const URI = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^\s"<>\\^`{|}]+$/u;

function readUri(raw: Json): string {
  if (typeof raw === 'string' && URI.test(raw)) return raw;
  throw new ValueProblem(`Expected \`URI\` but received \`${shownValue(raw)}\``);
}

/** Encrypts a secret for its place in the row. Throws ValueProblem when the server has no key. */
export function readSecret(text: string, { seal }: ValuePorts): string {
  if (seal === undefined) {
    throw new ValueProblem('Unable to use a `SECRET` input/output as encryption is not configured');
  }
  return seal(text);
}

function readItems(type: InputType, raw: Json, ports: ValuePorts, itemType: InputType | undefined): readonly Json[] {
  const items = readList(type, raw, itemType === 'SECRET' ? () => HIDDEN : shownValue);
  return itemType === undefined ? items : items.map((item) => readItem(itemType, item, ports));
}

function readItem(type: InputType, item: Json, ports: ValuePorts): Json {
  try {
    if (item === null) throw new ValueProblem('null is no element');
    const value = readValue(type, item, ports);
    // Inside a list nothing but the value itself can say that it is encrypted.
    return type === 'SECRET' ? { ...sealed(value as string) } : value;
  } catch (error) {
    if (!(error instanceof ValueProblem)) throw error;
    const shown = type === 'SECRET' ? HIDDEN : shownValue(item);
    throw new ValueProblem(`Unable to parse array element as \`${type}\` on \`${shown}\``);
  }
}
