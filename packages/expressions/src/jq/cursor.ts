import { fail } from '../errors.ts';
import type { JqToken } from './lexer.ts';

export const MAX_NESTING = 150;
const MAX_TOKENS = 20_000;

/** A place in the tokens of a jq program. */
export abstract class Cursor {
  protected readonly tokens: readonly JqToken[];
  protected index = 0;
  protected nesting: number;

  constructor(tokens: readonly JqToken[], nesting = 0) {
    if (tokens.length > MAX_TOKENS) fail('The jq program is too long');
    this.tokens = tokens;
    this.nesting = nesting;
  }

  protected current(): JqToken {
    return this.tokens[this.index] as JqToken;
  }

  protected next(): JqToken {
    const token = this.current();
    if (this.index < this.tokens.length - 1) this.index += 1;
    return token;
  }

  protected unexpected(): never {
    const { type, value, position } = this.current();
    const shown = type === 'end' ? 'end of the program' : type === 'text' ? 'text' : `\`${value}\``;
    return fail(`Unexpected ${shown} in the jq program at offset ${position}`);
  }

  protected at(operator: string): boolean {
    const token = this.current();
    return token.type === 'operator' && token.value === operator;
  }

  protected atName(name: string): boolean {
    const token = this.current();
    return token.type === 'name' && token.value === name;
  }

  protected accept(operator: string): boolean {
    if (!this.at(operator)) return false;
    this.next();
    return true;
  }

  protected expect(operator: string): void {
    if (!this.accept(operator)) this.unexpected();
  }

  protected expectName(name: string): void {
    if (!this.atName(name)) this.unexpected();
    this.next();
  }

  protected deeper<T>(body: () => T): T {
    this.nesting += 1;
    if (this.nesting > MAX_NESTING) return fail('The jq program is nested too deeply');
    const result = body();
    this.nesting -= 1;
    return result;
  }
}
