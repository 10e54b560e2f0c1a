/* oxlint-disable no-control-regex -- the formats are defined by their control characters */
import { inBlocks } from './blocks.ts';
import { fail, failLimit } from './errors.ts';
import { numberText } from './numbers.ts';
import {
  type Value,
  isList,
  isMap,
  isNumber,
  listItems,
  forEntries,
  MapEntry,
  mapEntries,
  Temporal,
} from './values.ts';
import { MAX_NESTING, unboundedWork, type Work } from './work.ts';

/** The form of `{{ }}`: nothing for null, compact JSON for structures (expressions.md §4.2). */
export function printed(value: Value, work: Work): string {
  if (typeof value === 'string') return value;
  if (value === null) return '';
  // Only lists and maps are structures here: an entry of a map prints as `k=v`.
  return scalarText(value) ?? (value instanceof MapEntry ? plainText(value, work) : jsonOf(value, work));
}

/** Plain text form, where lists look like `[a, null]` and maps like `{k=v}` (expressions.md §4.3). */
export function plainText(value: Value, work: Work): string {
  if (typeof value === 'string') return value;
  if (value === null) return '';
  const scalar = scalarText(value);
  if (scalar !== undefined) return scalar;
  const writer = new TextWriter(work);
  writer.write(value, 0);
  return writer.out;
}

/** Compact JSON as the filter `toJson` gives it: `null` for null, texts quoted, null map entries left out (jq keeps them). */
export function jsonOf(value: Value, work: Work, keepsNull = false): string {
  const writer = new JsonWriter(work, keepsNull);
  writer.write(value, 0);
  return writer.out;
}

/** Compact JSON of a value (expressions.md §4.2); `null` gives `null`, texts are quoted. */
export function toJson(value: Value): string {
  return jsonOf(value ?? null, unboundedWork());
}

/** Plain text form of a value (expressions.md §4.3). */
export function toPlainText(value: Value): string {
  return plainText(value ?? null, unboundedWork());
}

function scalarText(value: Value): string | undefined {
  switch (typeof value) {
    case 'string':
      return value;
    case 'boolean':
      return value ? 'true' : 'false';
    case 'number':
    case 'bigint':
      return numberText(value);
    case 'object':
      if (value instanceof Temporal) return value.iso();
      if (value instanceof Date) return instantText(value);
      return isNumber(value) ? numberText(value) : undefined;
    default:
      return undefined;
  }
}

/** A host date as an instant: fraction only when there is one. */
function instantText(date: Date): string {
  if (Number.isNaN(date.getTime())) fail('The date is not valid');
  return date.toISOString().replace('.000Z', 'Z');
}

abstract class Writer {
  out = '';
  protected readonly work: Work;
  private readonly limit: number;

  constructor(work: Work) {
    this.work = work;
    this.limit = work.limits.maxOutput;
  }

  protected enter(depth: number): void {
    if (depth > MAX_NESTING) failLimit('The value is nested too deeply to be printed');
    if (this.out.length > this.limit) this.work.text(this.out.length);
    this.work.step();
  }
}

class TextWriter extends Writer {
  write(value: Value, depth: number): void {
    this.enter(depth);
    if (value === null || value === undefined) {
      this.out += 'null';
      return;
    }
    const scalar = scalarText(value);
    if (scalar !== undefined) {
      this.out += scalar;
    } else if (isList(value)) {
      let separator = '[';
      for (const item of listItems(value)) {
        this.out += separator;
        this.write(item, depth + 1);
        separator = ', ';
      }
      this.out += separator === '[' ? '[]' : ']';
    } else if (value instanceof MapEntry) {
      this.out += `${value.key}=`;
      this.write(value.value, depth + 1);
    } else if (isMap(value)) {
      let separator = '{';
      for (const [key, item] of mapEntries(value)) {
        this.out += `${separator}${key}=`;
        this.write(item, depth + 1);
        separator = ', ';
      }
      this.out += separator === '{' ? '{}' : '}';
    } else {
      fail('A value of this kind has no text form');
    }
  }
}

class JsonWriter extends Writer {
  private readonly keepsNull: boolean;

  constructor(work: Work, keepsNull: boolean) {
    super(work);
    this.keepsNull = keepsNull;
  }

  write(value: Value, depth: number): void {
    this.enter(depth);
    switch (typeof value) {
      case 'string':
        this.quoted(value);
        return;
      case 'boolean':
        this.out += value ? 'true' : 'false';
        return;
      case 'number':
      case 'bigint':
        this.number(value);
        return;
      case 'undefined':
        this.out += 'null';
        return;
      case 'object':
        this.object(value, depth);
        return;
      default:
        fail('A value of this kind has no JSON form');
    }
  }

  private quoted(text: string): void {
    if (text.length <= LONG_TEXT) this.out += quoted(text);
    else this.out += `"${inBlocks(text, this.work, (block) => quoted(block).slice(1, -1))}"`;
  }

  private number(value: Value): void {
    const text = numberText(value);
    this.out += text.endsWith('N') || text.endsWith('y') ? `"${text}"` : text;
  }

  private object(value: Value, depth: number): void {
    if (value === null) {
      this.out += 'null';
    } else if (isList(value)) {
      let separator = '[';
      for (const item of listItems(value)) {
        this.out += separator;
        this.write(item, depth + 1);
        separator = ',';
      }
      this.out += separator === '[' ? '[]' : ']';
    } else if (isMap(value)) {
      let separator = '{';
      forEntries(value, (key, item) => {
        if (item === null && !this.keepsNull) return;
        this.out += `${separator}${quoted(key)}:`;
        this.write(item, depth + 1);
        separator = ',';
      });
      this.out += separator === '{' ? '{}' : '}';
    } else if (value instanceof MapEntry) {
      this.out += `{${quoted(value.key)}:`;
      this.write(value.value, depth + 1);
      this.out += '}';
    } else if (isNumber(value)) {
      this.number(value);
    } else if (value instanceof Temporal) {
      const form = value.json();
      if (typeof form === 'string') this.out += quoted(form);
      else this.number(form);
    } else if (value instanceof Date) {
      this.out += quoted(instantText(value));
    } else {
      fail('A value of this kind has no JSON form');
    }
  }
}

const LONG_TEXT = 10_000;
const SPECIAL = /["\\\u0000-\u001f]/;
const SPECIALS = /["\\\u0000-\u001f]/g;
const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** A JSON text literal: only what must be escaped is, with upper-case digits. */
export function quoted(text: string): string {
  if (!SPECIAL.test(text)) return `"${text}"`;
  return `"${text.replace(SPECIALS, escapeCharacter)}"`;
}

function escapeCharacter(character: string): string {
  const short = SHORT_ESCAPES[character];
  if (short !== undefined) return short;
  return `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
}
