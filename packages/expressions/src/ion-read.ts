import { epochDay, monthLength } from './dates/calendar.ts';
import { momentOf, readIso } from './dates/iso.ts';
import { LocalDate, Moment } from './dates/moment.ts';
import { offsetZone } from './dates/zone.ts';
import { fail, failLimit } from './errors.ts';
import { MAX_DIGITS, plainDigits } from './numbers.ts';
import { Decimal, decimal, makeMap, type Value } from './values.ts';
import { MAX_NESTING, type Work } from './work.ts';

const SPACE = /(?:[ \t\r\n\v\f]+|\/\/[^\r\n]*|\/\*[^]*?\*\/)+/y;
const TIMESTAMP =
  /(\d{4})(?:T|-(\d{2})(?:T|-(\d{2})(?:T(?:\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))?)?))(?![\w:.+-])/y;
const INTEGER = /[+-]?(?:0[xX][0-9a-fA-F](?:_?[0-9a-fA-F])*|0[bB][01](?:_?[01])*|(?:0|[1-9](?:_?\d)*))(?![\w.])/y;
const REAL = /[+-]?(?:0|[1-9](?:_?\d)*)(?:\.(?:\d(?:_?\d)*)?)?(?:([eEdD])([+-]?\d+))?(?![\w.])/y;
const SPECIAL = /(?:nan|[+-]inf)(?![\w$])/y;
const IDENTIFIER = /[A-Za-z_$][A-Za-z0-9_$]*/y;
const MAX_EXPONENT = 5000;

/** The first value of an Ion text (expressions.md §12.2). Bad text fails. */
export function parseIon(text: string, work: Work): Value {
  work.text(text.length);
  return new IonReader(text, work).document();
}

class IonReader {
  private readonly text: string;
  private readonly work: Work;
  private at = 0;

  constructor(text: string, work: Work) {
    this.text = text;
    this.work = work;
  }

  document(): Value {
    this.space();
    if (this.text.startsWith('$ion_1_0', this.at)) {
      this.at += '$ion_1_0'.length;
      this.space();
    }
    if (this.at >= this.text.length) return fail('The text is empty, Ion was expected');
    return this.value(0);
  }

  private bad(): never {
    const near = this.text.slice(this.at, this.at + 20);
    return fail(
      near === '' ? 'The Ion text ends too early' : `The text is no Ion near \`${near}\` (offset ${this.at})`,
    );
  }

  private match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match === null) return undefined;
    this.at = pattern.lastIndex;
    return match;
  }

  private space(): void {
    this.match(SPACE);
  }

  private value(depth: number): Value {
    if (depth > MAX_NESTING) failLimit('The Ion text is nested too deeply');
    this.work.step();
    const character = this.text[this.at];
    switch (character) {
      case '{':
        return this.text[this.at + 1] === '{' ? this.lob() : this.struct(depth);
      case '[':
        return this.sequence(']', depth);
      case '(':
        return this.sequence(')', depth);
      case '"':
        return this.quoted('"');
      case "'":
        return this.text.startsWith("'''", this.at)
          ? this.longText()
          : this.symbolOrAnnotation(this.quoted("'"), depth);
      default:
        return this.bare(depth);
    }
  }

  private bare(depth: number): Value {
    const special = this.match(SPECIAL)?.[0];
    if (special !== undefined) {
      return special === 'nan' ? Number.NaN : special === '+inf' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    }
    const timestamp = this.match(TIMESTAMP);
    if (timestamp !== undefined) return this.timestamp(timestamp);
    const integer = this.match(INTEGER)?.[0];
    if (integer !== undefined) return wholeNumber(integer);
    const real = this.match(REAL);
    if (real !== undefined) return this.real(real);
    const name = this.match(IDENTIFIER)?.[0];
    return name === undefined ? this.bad() : this.word(name, depth);
  }

  private word(name: string, depth: number): Value {
    if (name === 'true' || name === 'false') return name === 'true';
    if (name !== 'null') return this.symbolOrAnnotation(name, depth);
    if (this.text[this.at] === '.') {
      this.at += 1;
      if (this.match(IDENTIFIER) === undefined) this.bad();
    }
    return null;
  }

  /** An annotation says something about the value behind it, which is what counts. */
  private symbolOrAnnotation(name: string, depth: number): Value {
    const after = this.at;
    this.space();
    if (this.text.startsWith('::', this.at)) {
      this.at += 2;
      this.space();
      return this.value(depth + 1);
    }
    this.at = after;
    return name;
  }

  private real([text, mark, exponent]: RegExpExecArray): Value {
    if (text.length > MAX_DIGITS) return failLimit(`A number has at most ${MAX_DIGITS} digits`);
    const digits = text.replaceAll('_', '');
    if (exponent !== undefined && Math.abs(Number(exponent)) > MAX_EXPONENT) return fail('A number is out of range');
    if (mark === 'e' || mark === 'E') return decimal(Number(digits));
    return new Decimal(
      plainDigits(
        digits
          .replace(/[dD]/, 'e')
          .replace(/\.(?=$|e)/, '')
          .replace(/^\+/, ''),
      ),
    );
  }

  private timestamp([text, year = '', month = '01', day = '01']: RegExpExecArray): Value {
    if (!text.includes(':')) {
      const date = { year: Number(year), month: Number(month), day: Number(day) };
      if (date.month < 1 || date.month > 12 || date.day < 1 || date.day > monthLength(date.year, date.month))
        this.bad();
      return new LocalDate(epochDay(date));
    }
    const written = readIso(text.replace(/(\.\d{9})\d+/, '$1'));
    if (written === undefined) return this.bad();
    const moment = momentOf(written, offsetZone(0));
    return new Moment(moment.epochSecond, moment.nano, moment.zone);
  }

  private sequence(close: string, depth: number): Value[] {
    const items: Value[] = [];
    this.at += 1;
    for (;;) {
      this.space();
      if (this.text[this.at] === close) {
        this.at += 1;
        return items;
      }
      items.push(this.value(depth + 1));
      this.space();
      if (close === ']') this.separator(close);
    }
  }

  private separator(close: string): void {
    if (this.text[this.at] === ',') this.at += 1;
    else if (this.text[this.at] !== close) this.bad();
  }

  private struct(depth: number): object {
    const entries = new Map<string, Value>();
    this.at += 1;
    for (;;) {
      this.space();
      if (this.text[this.at] === '}') {
        this.at += 1;
        return makeMap(entries);
      }
      const key = this.key();
      this.space();
      if (this.text[this.at] !== ':' || this.text[this.at + 1] === ':') this.bad();
      this.at += 1;
      this.space();
      entries.set(key, this.value(depth + 1));
      this.space();
      this.separator('}');
    }
  }

  private key(): string {
    if (this.text.startsWith("'''", this.at)) return this.longText();
    const quote = this.text[this.at];
    if (quote === '"' || quote === "'") return this.quoted(quote);
    return this.match(IDENTIFIER)?.[0] ?? this.bad();
  }

  private quoted(quote: string): string {
    this.at += 1;
    let out = '';
    for (;;) {
      if ((this.at & 1023) === 0) this.work.step(16);
      const character = this.text[this.at];
      if (character === undefined || character === '\n') return this.bad();
      if (character === quote) {
        this.at += 1;
        return out;
      }
      out += character === '\\' ? this.escape() : character;
      if (character !== '\\') this.at += 1;
    }
  }

  /** `'''…'''`, where several in a row are one text. */
  private longText(): string {
    let out = '';
    while (this.text.startsWith("'''", this.at)) {
      this.at += 3;
      while (!this.text.startsWith("'''", this.at)) {
        if ((this.at & 1023) === 0) this.work.step(16);
        const character = this.text[this.at];
        if (character === undefined) return this.bad();
        if (character === '\\') {
          out += this.escape();
        } else {
          out += character;
          this.at += 1;
        }
      }
      this.at += 3;
      this.space();
    }
    return out;
  }

  private escape(): string {
    const kind = this.text[this.at + 1] ?? '';
    const simple = Object.hasOwn(ESCAPES, kind) ? ESCAPES[kind] : undefined;
    if (simple !== undefined) {
      this.at += 2;
      return simple;
    }
    const width = kind === 'x' ? 2 : kind === 'u' ? 4 : kind === 'U' ? 8 : 0;
    const digits = this.text.slice(this.at + 2, this.at + 2 + width);
    const code = Number.parseInt(digits, 16);
    if (width === 0 || digits.length !== width || !/^[0-9a-fA-F]+$/.test(digits) || code > 0x10ffff) return this.bad();
    this.at += 2 + width;
    return String.fromCodePoint(code);
  }

  /** Blobs and clobs: their content as text. */
  private lob(): string {
    const close = this.text.indexOf('}}', this.at);
    if (close === -1) return this.bad();
    const body = this.text.slice(this.at + 2, close).trim();
    this.at = close + 2;
    return body.replace(/^"([^]*)"$/, '$1');
  }
}

function wholeNumber(text: string): Value {
  const digits = text.replaceAll('_', '').replace(/^\+/, '');
  if (digits.length > MAX_DIGITS) return failLimit(`A number has at most ${MAX_DIGITS} digits`);
  const value = digits.startsWith('-') ? -BigInt(digits.slice(1)) : BigInt(digits);
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\u0007',
  b: '\b',
  t: '\t',
  n: '\n',
  f: '\f',
  r: '\r',
  v: '\v',
  '"': '"',
  "'": "'",
  '?': '?',
  '\\': '\\',
  '/': '/',
  '\n': '',
};
