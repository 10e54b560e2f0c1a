/* oxlint-disable no-control-regex -- the formats are defined by their control characters */
import { fail, failLimit } from './errors.ts';
import { MAX_DIGITS } from './numbers.ts';
import { decimal, makeMap, type Value } from './values.ts';
import { MAX_NESTING, type Work } from './work.ts';

const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const PLAIN_TEXT = /[^"\\\u0000-\u001f]*/y;
const WHITE_SPACE = /[ \t\r\n]*/y;

/**
 * Reads the first JSON value of a text; what follows it is ignored (expressions.md §12.2). Whole numbers keep all digits,
 * decimals stay decimals (`2.0`), maps keep the order of their keys and their null entries.
 */
export function parseJson(text: string, work: Work): Value {
  work.text(text.length);
  return new JsonReader(text, work).document();
}

class JsonReader {
  private readonly text: string;
  private readonly work: Work;
  private at = 0;

  constructor(text: string, work: Work) {
    this.text = text;
    this.work = work;
  }

  document(): Value {
    this.space();
    if (this.at >= this.text.length) fail('The text is empty, JSON was expected');
    return this.value(0);
  }

  private space(): void {
    WHITE_SPACE.lastIndex = this.at;
    WHITE_SPACE.exec(this.text);
    this.at = WHITE_SPACE.lastIndex;
  }

  private bad(): never {
    // Not more of it than one character: a part of a secret could not be recognised, and masked, any more.
    const near = this.text[this.at];
    return fail(
      near === undefined ? 'The JSON text ends too early' : `The text is no JSON near \`${near}\` (offset ${this.at})`,
    );
  }

  private value(depth: number): Value {
    if (depth > MAX_NESTING) failLimit('The JSON text is nested too deeply');
    this.work.step();
    switch (this.text[this.at]) {
      case '{':
        return this.map(depth);
      case '[':
        return this.list(depth);
      case '"':
        return this.string();
      case 't':
        return this.word('true', true);
      case 'f':
        return this.word('false', false);
      case 'n':
        return this.word('null', null);
      default:
        return this.number();
    }
  }

  private word(word: string, value: Value): Value {
    if (!this.text.startsWith(word, this.at) || /[A-Za-z0-9_]/.test(this.text[this.at + word.length] ?? '')) this.bad();
    this.at += word.length;
    return value;
  }

  private number(): Value {
    NUMBER.lastIndex = this.at;
    const match = NUMBER.exec(this.text);
    if (match === null) this.bad();
    if (/[\w.+]/.test(this.text[NUMBER.lastIndex] ?? '')) this.bad();
    this.at = NUMBER.lastIndex;
    const [digits, fraction, exponent] = match;
    if (fraction !== undefined || exponent !== undefined) return decimal(Number(digits));
    const value = Number(digits);
    if (Number.isSafeInteger(value)) return value;
    if (digits.length > MAX_DIGITS) failLimit(`A number has at most ${MAX_DIGITS} digits`);
    return BigInt(digits);
  }

  private string(): string {
    this.at += 1;
    let out = '';
    for (;;) {
      PLAIN_TEXT.lastIndex = this.at;
      out += PLAIN_TEXT.exec(this.text)?.[0] ?? '';
      this.at = PLAIN_TEXT.lastIndex;
      const character = this.text[this.at];
      if (character === '"') {
        this.at += 1;
        return out;
      }
      if (character !== '\\') this.bad();
      this.work.step();
      out += this.escape();
    }
  }

  private escape(): string {
    const kind = this.text[this.at + 1];
    this.at += 2;
    switch (kind) {
      case '"':
      case '\\':
      case '/':
        return kind;
      case 'b':
        return '\b';
      case 'f':
        return '\f';
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 't':
        return '\t';
      case 'u': {
        const digits = this.text.slice(this.at, this.at + 4);
        if (!/^[0-9a-fA-F]{4}$/.test(digits)) this.bad();
        this.at += 4;
        return String.fromCharCode(Number.parseInt(digits, 16));
      }
      default:
        this.at -= 2;
        return this.bad();
    }
  }

  private list(depth: number): Value[] {
    const items: Value[] = [];
    this.at += 1;
    this.space();
    if (this.text[this.at] === ']') {
      this.at += 1;
      return items;
    }
    for (;;) {
      this.space();
      items.push(this.value(depth + 1));
      if (!this.another(']')) return items;
    }
  }

  private map(depth: number): object {
    const entries: [string, Value][] = [];
    this.at += 1;
    this.space();
    if (this.text[this.at] === '}') {
      this.at += 1;
      return makeMap(entries);
    }
    for (;;) {
      this.space();
      if (this.text[this.at] !== '"') this.bad();
      const key = this.string();
      this.space();
      if (this.text[this.at] !== ':') this.bad();
      this.at += 1;
      this.space();
      entries.push([key, this.value(depth + 1)]);
      if (!this.another('}')) return makeMap(entries);
    }
  }

  private another(close: string): boolean {
    this.space();
    const character = this.text[this.at];
    if (character !== ',' && character !== close) this.bad();
    this.at += 1;
    return character === ',';
  }
}
