/* oxlint-disable no-control-regex -- the formats are defined by their control characters */
import { fail, failLimit } from './errors.ts';
import { doubleText, numberText } from './numbers.ts';
import {
  Decimal,
  isInteger,
  isList,
  isMap,
  isNumber,
  listItems,
  MapEntry,
  mapEntries,
  Temporal,
  toDouble,
  type Value,
} from './values.ts';
import { Duration } from './dates/moment.ts';
import { MAX_NESTING, type Work } from './work.ts';

const IDENTIFIER = /^[A-Za-z_$][A-Za-z0-9_$]*$/;
const KEYWORDS = new Set(['null', 'true', 'false', 'nan']);

/** Ion text on one line (expressions.md §9.4): null entries stay, keys that are identifiers are not quoted. */
export function toIon(value: Value, work: Work): string {
  const writer = new IonWriter(work);
  writer.write(value, 0);
  return writer.out;
}

class IonWriter {
  out = '';
  private readonly work: Work;

  constructor(work: Work) {
    this.work = work;
  }

  write(value: Value, depth: number): void {
    if (depth > MAX_NESTING) failLimit('The value is nested too deeply to be written');
    this.work.step();
    if (this.out.length > this.work.limits.maxOutput) this.work.text(this.out.length);
    if (value === null || value === undefined) this.out += 'null';
    else if (typeof value === 'string') this.out += `"${escaped(value, '"')}"`;
    else if (typeof value === 'boolean') this.out += value ? 'true' : 'false';
    else if (isNumber(value)) this.out += ionNumber(value);
    else if (isList(value)) this.list(listItems(value), depth);
    else if (value instanceof MapEntry) this.struct([[value.key, value.value]], depth);
    else if (isMap(value)) this.struct(mapEntries(value), depth);
    else if (value instanceof Duration) this.out += `"${value.iso()}"`;
    else if (value instanceof Temporal) this.out += value.iso();
    else if (value instanceof Date) this.out += value.toISOString();
    else fail('A value of this kind has no Ion form');
  }

  private list(items: readonly Value[], depth: number): void {
    this.out += '[';
    items.forEach((item, index) => {
      if (index > 0) this.out += ',';
      this.write(item, depth + 1);
    });
    this.out += ']';
  }

  private struct(entries: Iterable<readonly [string, Value]>, depth: number): void {
    let separator = '{';
    for (const [key, item] of entries) {
      this.out += `${separator}${symbol(key)}:`;
      this.write(item, depth + 1);
      separator = ',';
    }
    this.out += separator === '{' ? '{}' : '}';
  }
}

function symbol(name: string): string {
  const isPlain = IDENTIFIER.test(name) && !KEYWORDS.has(name) && !/^\$\d+$/.test(name);
  return isPlain ? name : `'${escaped(name, "'")}'`;
}

function ionNumber(value: Value): string {
  if (isInteger(value)) return numberText(value);
  if (value instanceof Decimal) return value.text.includes('.') ? value.text : `${value.text}.`;
  const number = toDouble(value);
  if (Number.isNaN(number)) return 'nan';
  if (!Number.isFinite(number)) return number > 0 ? '+inf' : '-inf';
  const text = doubleText(number);
  return text.includes('E') ? text : `${text.replace(/\.0$/, '')}e0`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\0': '\\0',
  '\u0007': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
};

function escaped(text: string, quote: string): string {
  return text.replace(/["'\\\u0000-\u001F\u007F]/g, (character) => {
    if (character === '"' || character === "'") return character === quote ? `\\${character}` : character;
    return ESCAPES[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}
