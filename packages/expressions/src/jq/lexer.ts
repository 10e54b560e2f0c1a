import { fail } from '../errors.ts';

export interface JqToken {
  readonly type: 'name' | 'field' | 'variable' | 'format' | 'number' | 'text' | 'operator' | 'end';
  readonly value: string;
  /** Pieces of a text: literal ones, and the tokens of what stands in `\( )`. */
  readonly parts?: readonly (string | readonly JqToken[])[];
  readonly position: number;
}

const SPACE = /(?:\s+|#[^\n]*)+/y;
const NAME = /[A-Za-z_](?:[A-Za-z0-9_]|::)*/y;
const FIELD = /\.[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const OPERATOR = /\?\/\/|\/\/=|\|=|\+=|-=|\*=|\/=|%=|==|!=|<=|>=|\/\/|\.\.|[|,.[\]{}():;=<>+\-*/%?]/y;
const MAX_DEPTH = 50;

/** Splits a jq program into tokens. Raises a Failure with the offset. */
export function tokenizeJq(source: string): JqToken[] {
  const lexer = new JqLexer(source);
  const tokens = lexer.tokens(undefined, 0);
  tokens.push({ type: 'end', value: '', position: source.length });
  return tokens;
}

class JqLexer {
  private readonly source: string;
  private at = 0;

  constructor(source: string) {
    this.source = source;
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const text = pattern.exec(this.source)?.[0];
    if (text !== undefined) this.at += text.length;
    return text;
  }

  /** Tokens up to the end, or to the bracket that closes an interpolation. */
  tokens(close: string | undefined, depth: number): JqToken[] {
    if (depth > MAX_DEPTH) return fail('The jq program is nested too deeply');
    const tokens: JqToken[] = [];
    let open = 0;
    for (;;) {
      this.match(SPACE);
      const position = this.at;
      const character = this.source[position];
      if (character === undefined) {
        return close === undefined ? tokens : fail('An interpolation of the jq program is not closed');
      }
      if (close !== undefined && character === close && open === 0) {
        this.at += 1;
        return tokens;
      }
      if (character === '(') open += 1;
      if (character === ')') open -= 1;
      tokens.push(this.token(character, position, depth));
    }
  }

  private token(character: string, position: number, depth: number): JqToken {
    if (character === '"') return { type: 'text', value: '', parts: this.text(depth), position };
    if (character === '$' || character === '@') {
      this.at += 1;
      const name = this.match(NAME) ?? fail(`A name is missing behind \`${character}\` in the jq program`);
      return { type: character === '$' ? 'variable' : 'format', value: name, position };
    }
    const number = this.match(NUMBER);
    if (number !== undefined) return { type: 'number', value: number, position };
    const field = this.match(FIELD);
    if (field !== undefined) return { type: 'field', value: field.slice(1), position };
    const name = this.match(NAME);
    if (name !== undefined) return { type: 'name', value: name, position };
    const operator = this.match(OPERATOR);
    if (operator !== undefined) return { type: 'operator', value: operator, position };
    return fail(`Unexpected character \`${character}\` in the jq program at offset ${position}`);
  }

  private text(depth: number): (string | readonly JqToken[])[] {
    const parts: (string | readonly JqToken[])[] = [];
    let piece = '';
    this.at += 1;
    for (;;) {
      const character = this.source[this.at];
      if (character === undefined) return fail('A text of the jq program is not closed');
      this.at += 1;
      if (character === '"') break;
      if (character !== '\\') {
        piece += character;
        continue;
      }
      const kind = this.source[this.at] ?? '';
      this.at += 1;
      if (kind === '(') {
        if (piece !== '') parts.push(piece);
        piece = '';
        parts.push([...this.tokens(')', depth + 1), { type: 'end', value: '', position: this.at }]);
      } else {
        piece += this.escape(kind);
      }
    }
    if (piece !== '' || parts.length === 0) parts.push(piece);
    return parts;
  }

  private escape(kind: string): string {
    const simple = Object.hasOwn(ESCAPES, kind) ? ESCAPES[kind] : undefined;
    if (simple !== undefined) return simple;
    const digits = this.source.slice(this.at, this.at + 4);
    if (kind !== 'u' || !/^[0-9a-fA-F]{4}$/.test(digits)) return fail(`\`\\${kind}\` is no escape of a jq text`);
    this.at += 4;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};
