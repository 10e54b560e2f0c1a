/* oxlint-disable no-control-regex -- the formats are defined by their control characters */
import { inBlocks } from './blocks.ts';
import { failLimit } from './errors.ts';
import { plainText } from './print.ts';
import { isList, isMap, listItems, MapEntry, mapEntries, type Value } from './values.ts';
import { MAX_NESTING, type Work } from './work.ts';

const RESERVED = new Set(
  ['false', 'n', 'no', 'null', 'on', 'off', 'true', 'y', 'yes'].flatMap((word) => [
    word,
    word.toUpperCase(),
    word.charAt(0).toUpperCase() + word.slice(1),
  ]),
);
/** Characters at the start that no plain text may have. */
const INDICATORS = '#,[]{}&*!|>\'"%@`';
const UNPRINTABLE = /[^\t\n\r\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

/**
 * YAML block text with a final line break (expressions.md §9.4). Map entries stand at the present indent, list items one
 * blank further, a structure inside a list on its own line. Null entries of maps are left out as in JSON.
 */
export function toYaml(value: Value, work: Work): string {
  if (value === null) return 'null';
  const writer = new YamlWriter(work);
  writer.root(value);
  return writer.out;
}

class YamlWriter {
  out = '';
  private readonly work: Work;

  constructor(work: Work) {
    this.work = work;
  }

  root(value: Value): void {
    if (isStructure(value)) this.structure(value, 0, 0);
    else this.scalar(value, '', 0);
  }

  private structure(value: Value, indent: number, depth: number): void {
    if (depth > MAX_NESTING) failLimit('The value is nested too deeply to be written');
    if (isList(value)) this.list(listItems(value), indent, depth);
    else this.map(entriesOf(value), indent, depth);
  }

  private line(text: string): void {
    this.work.step();
    this.out += text;
    if (this.out.length > this.work.limits.maxOutput) this.work.text(this.out.length);
  }

  private list(items: readonly Value[], indent: number, depth: number): void {
    if (items.length === 0) return this.line(`${' '.repeat(indent)}[]\n`);
    for (const item of items) {
      const dash = `${' '.repeat(indent + 1)}-`;
      if (isStructure(item) && !isEmpty(item)) {
        this.line(`${dash}\n`);
        this.structure(item, indent + 2, depth + 1);
      } else {
        this.scalar(item, `${dash} `, indent);
      }
    }
  }

  private map(entries: readonly (readonly [string, Value])[], indent: number, depth: number): void {
    if (entries.length === 0) return this.line(`${' '.repeat(indent)}{}\n`);
    for (const [key, item] of entries) {
      const name = `${' '.repeat(indent)}${keyText(key, this.work)}:`;
      if (!isStructure(item) || isEmpty(item)) {
        this.scalar(item, `${name} `, indent);
        continue;
      }
      this.line(`${name}\n`);
      // A list inside a map stands at the map's own indent, with its one blank.
      this.structure(item, isList(item) ? indent : indent + 2, depth + 1);
    }
  }

  private scalar(value: Value, prefix: string, indent: number): void {
    if (isStructure(value)) return this.line(`${prefix}${isList(value) ? '[]' : '{}'}\n`);
    if (typeof value !== 'string') {
      return this.line(`${prefix}${value === null ? 'null' : plainText(value, this.work)}\n`);
    }
    if (value.includes('\n') && !/[ \t]\n|[ \t]$/.test(value) && !UNPRINTABLE.test(value)) {
      return this.literal(value, prefix, indent + 2);
    }
    this.line(`${prefix}${flowText(value, hasQuotable(value), this.work)}\n`);
  }

  private literal(text: string, prefix: string, indent: number): void {
    const hint = /^[ \n]/.test(text) ? '2' : '';
    const chomp = !text.endsWith('\n') ? '-' : /\n\n$|^\n$/.test(text) ? '+' : '';
    const body = text.endsWith('\n') ? text.slice(0, -1) : text;
    const pad = ' '.repeat(indent);
    const lines = body.split('\n').map((row) => (row === '' ? '' : pad + row));
    this.line(`${prefix}|${hint}${chomp}\n${lines.join('\n')}\n`);
  }
}

function isStructure(value: Value): boolean {
  return isList(value) || isMap(value) || value instanceof MapEntry;
}

function entriesOf(value: Value): (readonly [string, Value])[] {
  if (value instanceof MapEntry) return [[value.key, value.value]];
  return [...mapEntries(value as object)].filter(([, item]) => item !== null);
}

function isEmpty(value: Value): boolean {
  return isList(value) ? listItems(value).length === 0 : entriesOf(value).length === 0;
}

function isReserved(text: string): boolean {
  return text === '' || text.startsWith('~') || RESERVED.has(text);
}

/** Brackets, commas, and `:` or `#` where they would mean something. */
function hasQuotable(text: string): boolean {
  return /[[\]{},]|(?:^|\s)#|:(?:\s|$)/.test(text);
}

function keyText(key: string, work: Work): string {
  return flowText(key, /^[+-]?0[xX][0-9a-fA-F]+$/.test(key), work);
}

function flowText(text: string, mustQuote: boolean, work: Work): string {
  if (isReserved(text) || mustQuote || /[\n\r\u0085\u2028\u2029]/.test(text) || UNPRINTABLE.test(text)) {
    return doubleQuoted(text, work);
  }
  const first = text.charAt(0);
  const needsSingle =
    INDICATORS.includes(first) ||
    /^[ \t]|[ \t]$|^[-?:](?:\s|$)|^(?:---|\.\.\.)/.test(text) ||
    /:(?:\s|$)|\s#/.test(text);
  return needsSingle ? `'${text.replaceAll("'", "''")}'` : text;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\0': '\\0',
  '\u0007': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\u001B': '\\e',
  '\u0085': '\\N',
  '\u00A0': '\\_',
  '\u2028': '\\L',
  '\u2029': '\\P',
};

function doubleQuoted(text: string, work: Work): string {
  return `"${inBlocks(text, work, (block) => block.replace(ESCAPED, escaped))}"`;
}

const ESCAPED = /["\\\u0000-\u001F\u007F-\u00A0\u2028\u2029\uD800-\uDFFF\uFFFE\uFFFF]/gu;

function escaped(character: string): string {
  const known = ESCAPES[character];
  if (known !== undefined) return known;
  const code = character.codePointAt(0) ?? 0;
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}
