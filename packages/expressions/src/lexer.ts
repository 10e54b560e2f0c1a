import { Failure } from './errors.ts';
import type { Work } from './work.ts';

/** Kinds of tokens. `string` is a piece without interpolation; `quote` opens and closes a text with interpolation. */
export type TokenType =
  | 'text'
  | 'print'
  | 'endPrint'
  | 'tag'
  | 'endTag'
  | 'name'
  | 'long'
  | 'decimal'
  | 'operator'
  | 'punctuation'
  | 'string'
  | 'quote'
  | 'interpolate'
  | 'endInterpolate'
  | 'end';

export interface Token {
  readonly type: TokenType;
  readonly value: string;
  readonly position: number;
}

/** Operators, longest first; a word counts only when no name character follows (expressions.md §2.2). */
const OPERATOR =
  /\?\?\?|\?\?|\.\.|==|!=|>=|<=|>|<|\+|-|\*|\/|%|\||~|(?:is not|is|not|and|or|contains|equals)(?![a-zA-Z0-9_])/y;
const NAME = /[\p{L}_][\p{L}\p{Nd}_]*/uy;
const LONG = /\d+(?=L)/y;
const NUMBER = /\d+(\.\d+)?/y;
const SPACE = /\s*/y;
const PLAIN_SINGLE = /'[^'\\]*(?:\\[^][^'\\]*)*'/y;
const PLAIN_DOUBLE = /"[^#"\\]*(?:\\[^][^#"\\]*)*"/y;
const INTERPOLATED_PIECE = /[^#"\\]*(?:(?:\\[^]|#(?!\{))[^#"\\]*)*/y;
const VERBATIM_OPEN = /\{%-?\s*verbatim\s*-?%\}/y;
const VERBATIM_CLOSE = /\{%(-?)\s*endverbatim\s*(-?)%\}/g;
const OPENING = '([{';
const CLOSING = ')]}';
const PUNCTUATION = '()[]{}?:.,=';

/** Splits a template into tokens (expressions.md §2). Raises a syntax Failure with the place; `work` bounds the time. */
export function tokenize(source: string, work?: Work): Token[] {
  return new Lexer(source, work).run();
}

class Lexer {
  private readonly source: string;
  private readonly work: Work | undefined;
  private readonly tokens: Token[] = [];
  private at = 0;
  /** The text after a closing `-}}` loses the white space at its start. */
  private trimNext = false;

  constructor(source: string, work: Work | undefined) {
    this.source = source;
    this.work = work;
  }

  run(): Token[] {
    const { source } = this;
    while (this.at < source.length) {
      const open = this.nextOpening();
      if (open === -1) {
        this.text(source.slice(this.at), false);
        this.at = source.length;
        break;
      }
      const text = source.slice(this.at, open);
      const verbatim = this.match(VERBATIM_OPEN, open);
      if (verbatim !== undefined) this.verbatim(text, open, verbatim);
      else if (source[open + 1] === '#') this.comment(text, open);
      else this.delimited(text, open);
    }
    this.push('end', '', source.length);
    return this.tokens;
  }

  private nextOpening(): number {
    const { source } = this;
    for (let at = source.indexOf('{', this.at); at !== -1; at = source.indexOf('{', at + 1)) {
      const next = source[at + 1];
      if (next === '{' || next === '%' || next === '#') return at;
    }
    return -1;
  }

  private match(pattern: RegExp, at: number): string | undefined {
    pattern.lastIndex = at;
    return pattern.exec(this.source)?.[0];
  }

  private push(type: TokenType, value: string, position: number): void {
    if (this.tokens.length >= MAX_TOKENS) {
      throw new Failure(`A template has at most ${MAX_TOKENS} parts`, 'limit', position);
    }
    this.work?.step(STEPS_PER_TOKEN);
    this.tokens.push({ type, value, position });
  }

  private text(text: string, trimEnd: boolean): void {
    let kept = text;
    if (this.trimNext) kept = kept.trimStart();
    if (trimEnd) kept = kept.trimEnd();
    this.trimNext = false;
    if (kept !== '') this.push('text', kept, this.at);
  }

  /** A dash trims only when white space follows: `{{-1}}` is minus one. */
  private opensWithTrim(open: number): boolean {
    return this.source[open + 2] === '-' && /\s/.test(this.source[open + 3] ?? '');
  }

  private verbatim(text: string, open: number, opening: string): void {
    this.text(text, opening.startsWith('{%-'));
    this.at = open + opening.length;
    VERBATIM_CLOSE.lastIndex = this.at;
    const close = VERBATIM_CLOSE.exec(this.source);
    if (close === null) throw new Failure('The verbatim block is not closed', 'syntax', open);
    const body = this.source.slice(this.at, close.index).trimStart();
    const kept = close[1] === '-' ? body.trimEnd() : body;
    if (kept !== '') this.push('text', kept, this.at);
    this.at = close.index + close[0].length;
    this.trimNext = close[2] === '-';
  }

  private comment(text: string, open: number): void {
    this.text(text, this.opensWithTrim(open));
    const close = this.source.indexOf('#}', open + 2);
    if (close === -1) throw new Failure('The comment is not closed', 'syntax', open);
    this.trimNext = close > open + 2 && this.source[close - 1] === '-';
    this.at = close + 2;
  }

  private delimited(text: string, open: number): void {
    const trim = this.opensWithTrim(open);
    this.text(text, trim);
    const isPrint = this.source[open + 1] === '{';
    this.push(isPrint ? 'print' : 'tag', '', open);
    this.at = open + (trim ? 3 : 2);
    const close = isPrint ? '}}' : '%}';
    this.expression(close, open);
    this.push(isPrint ? 'endPrint' : 'endTag', '', this.at);
    if (this.source[this.at] === '-') {
      this.trimNext = true;
      this.at += 1;
    }
    this.at += 2;
  }

  /** Tokens up to the closing delimiter (which may have a dash), or to the `}` of an interpolation. Stops in front of it. */
  private expression(close: string, open: number): void {
    const { source } = this;
    const brackets: string[] = [];
    for (;;) {
      this.at += this.match(SPACE, this.at)?.length ?? 0;
      if (this.at >= source.length) {
        throw new Failure(`The expression is not closed, \`${close}\` is missing`, 'syntax', open);
      }
      if (brackets.length === 0) {
        if (source.startsWith(close, this.at)) return;
        if (close !== '}' && source[this.at] === '-' && source.startsWith(close, this.at + 1)) return;
      }
      this.token(brackets);
    }
  }

  private token(brackets: string[]): void {
    const { source, at } = this;
    const character = source[at] ?? '';
    if (character === "'" || character === '"') {
      this.string(character);
      return;
    }
    const operator = this.match(OPERATOR, at);
    if (operator !== undefined) return this.take('operator', operator);
    const name = this.match(NAME, at);
    if (name !== undefined) return this.take('name', name);
    const long = this.match(LONG, at);
    if (long !== undefined) {
      this.take('long', long);
      this.at += 1;
      return;
    }
    const number = this.match(NUMBER, at);
    if (number !== undefined) return this.take(number.includes('.') ? 'decimal' : 'long', number);
    if (!PUNCTUATION.includes(character)) {
      throw new Failure(`Unexpected character \`${character}\``, 'syntax', at);
    }
    if (OPENING.includes(character)) brackets.push(character);
    else if (CLOSING.includes(character)) {
      const expected = OPENING[CLOSING.indexOf(character)];
      if (brackets.pop() !== expected) throw new Failure(`Unexpected \`${character}\``, 'syntax', at);
    }
    this.take('punctuation', character);
  }

  private take(type: TokenType, value: string): void {
    this.push(type, value, this.at);
    this.at += value.length;
  }

  private string(quote: string): void {
    const start = this.at;
    const plain = this.match(quote === "'" ? PLAIN_SINGLE : PLAIN_DOUBLE, start);
    if (plain !== undefined) {
      this.push('string', plain.slice(1, -1).replaceAll(`\\${quote}`, quote), start);
      this.at += plain.length;
      return;
    }
    if (quote === "'") throw new Failure('The text is not closed', 'syntax', start);
    this.interpolated(start);
  }

  /** A double-quoted text with a number sign: backslashes stay, `#{…}` is an expression (expressions.md §2.3). */
  private interpolated(start: number): void {
    this.push('quote', '', start);
    this.at += 1;
    for (;;) {
      const piece = this.match(INTERPOLATED_PIECE, this.at) ?? '';
      if (piece !== '') this.take('string', piece);
      if (this.source[this.at] === '"') {
        this.push('quote', '', this.at);
        this.at += 1;
        return;
      }
      if (!this.source.startsWith('#{', this.at)) throw new Failure('The text is not closed', 'syntax', start);
      this.push('interpolate', '', this.at);
      const open = this.at;
      this.at += 2;
      this.depth += 1;
      if (this.depth > MAX_INTERPOLATION) throw new Failure('Texts are nested too deeply', 'limit', open);
      this.expression('}', open);
      this.depth -= 1;
      this.push('endInterpolate', '', this.at);
      this.at += 1;
    }
  }

  private depth = 0;
}

const MAX_INTERPOLATION = 50;
/** Parsing costs memory by the token, and nobody writes templates of this size. */
const MAX_TOKENS = 50_000;
/** Reading a token, parsing and compiling it together cost about so much. */
const STEPS_PER_TOKEN = 8;
