import { Failure } from './errors.ts';
import type { Token, TokenType } from './lexer.ts';
import type { Args, Expr } from './nodes.ts';
import { fitsLong, MAX_LONG } from './numbers.ts';
import { decimal, type Value } from './values.ts';

/** Binding strength of the binary operators (expressions.md §3.2). */
export const PRECEDENCE: ReadonlyMap<string, number> = new Map([
  ['??', 120],
  ['???', 120],
  ['..', 120],
  ['~', 110],
  ['|', 100],
  ['*', 60],
  ['/', 60],
  ['%', 60],
  ['+', 40],
  ['-', 40],
  ['==', 30],
  ['equals', 30],
  ['!=', 30],
  ['>', 30],
  ['<', 30],
  ['>=', 30],
  ['<=', 30],
  ['is', 20],
  ['is not', 20],
  ['contains', 20],
  ['and', 15],
  ['or', 10],
]);

const UNARY = new Set(['not', '+', '-']);
const UNARY_PRECEDENCE = 500;

const LITERALS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['true', true],
  ['TRUE', true],
  ['false', false],
  ['FALSE', false],
  ['null', null],
  ['NULL', null],
  ['none', null],
  ['NONE', null],
]);

const MAX_NESTING = 150;
const MAX_HEIGHT = 1500;
const NO_ARGS: Args = { positional: [], named: [] };

type Shape = Expr extends infer E ? (E extends Expr ? Omit<E, 'height'> : never) : never;

/** Precedence climbing over the tokens of a template. */
export abstract class ExpressionParser {
  private readonly tokens: readonly Token[];
  private index = 0;
  private nesting = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  protected size(): number {
    return this.tokens.length;
  }

  protected current(): Token {
    return this.tokens[this.index] as Token;
  }

  protected peek(): Token {
    return this.tokens[Math.min(this.index + 1, this.tokens.length - 1)] as Token;
  }

  protected next(): void {
    if (this.index < this.tokens.length - 1) this.index += 1;
  }

  protected expect(type: TokenType, shown: string): Token {
    const token = this.current();
    if (token.type !== type) this.unexpected(token, shown);
    this.next();
    return token;
  }

  protected expectName(name: string): void {
    const token = this.current();
    if (token.type !== 'name' || token.value !== name) this.unexpected(token, name);
    this.next();
  }

  protected expectPunctuation(value: string): void {
    if (!this.atPunctuation(value)) this.unexpected(this.current(), value);
    this.next();
  }

  protected atPunctuation(value: string): boolean {
    const token = this.current();
    return token.type === 'punctuation' && token.value === value;
  }

  protected atOperator(value: string): boolean {
    const token = this.current();
    return token.type === 'operator' && token.value === value;
  }

  private unexpected(token: Token, expected: string): never {
    const shown = SHOWN[token.type] ?? `\`${token.value}\``;
    throw new Failure(`Unexpected ${shown}, \`${expected}\` was expected`, 'syntax', token.position);
  }

  private make(shape: Shape, children: readonly Expr[] = []): Expr {
    let height = 1;
    for (const child of children) height = Math.max(height, child.height + 1);
    if (height > MAX_HEIGHT) throw new Failure('The expression is nested too deeply', 'limit', shape.position);
    return { ...shape, height };
  }

  /** A whole expression, ternary included. */
  protected expression(): Expr {
    this.nesting += 1;
    if (this.nesting > MAX_NESTING) {
      throw new Failure('The expression is nested too deeply', 'limit', this.current().position);
    }
    const result = this.ternary(this.binary(0));
    this.nesting -= 1;
    return result;
  }

  private ternary(condition: Expr): Expr {
    if (!this.atPunctuation('?')) return condition;
    const { position } = this.current();
    this.next();
    const yes = this.expression();
    this.expectPunctuation(':');
    const no = this.expression();
    return this.make({ kind: 'ternary', condition, yes, no, position }, [condition, yes, no]);
  }

  private binary(minimum: number): Expr {
    let left = this.operand();
    for (;;) {
      const token = this.current();
      const precedence = token.type === 'operator' ? PRECEDENCE.get(token.value) : undefined;
      if (precedence === undefined || precedence < minimum) return left;
      this.next();
      left = this.operation(left, token, precedence);
    }
  }

  private operation(left: Expr, token: Token, precedence: number): Expr {
    const { position, value: operator } = token;
    if (operator === '|') {
      const { name, args, position: namePosition } = this.filterInvocation();
      return this.make({ kind: 'filter', input: left, name, args, position: namePosition }, [left, ...argExprs(args)]);
    }
    if (operator === 'is' || operator === 'is not') {
      const name = this.expect('name', 'a test');
      const args = this.atPunctuation('(') ? this.args() : NO_ARGS;
      const negated = operator === 'is not';
      return this.make({ kind: 'test', input: left, name: name.value, negated, args, position: name.position }, [left]);
    }
    const right = this.binary(precedence + 1);
    return this.make({ kind: 'binary', operator, left, right, position }, [left, right]);
  }

  protected filterInvocation(): { name: string; args: Args; position: number } {
    const name = this.expect('name', 'a filter');
    const args = this.atPunctuation('(') ? this.args() : NO_ARGS;
    return { name: name.value, args, position: name.position };
  }

  private operand(): Expr {
    const token = this.current();
    if (token.type === 'operator' && UNARY.has(token.value)) {
      this.nesting += 1;
      if (this.nesting > MAX_NESTING) throw new Failure('The expression is nested too deeply', 'limit', token.position);
      this.next();
      const operand = this.binary(UNARY_PRECEDENCE);
      this.nesting -= 1;
      return this.make({ kind: 'unary', operator: token.value, operand, position: token.position }, [operand]);
    }
    if (token.type === 'punctuation') {
      if (token.value === '(') {
        this.next();
        const inner = this.expression();
        this.expectPunctuation(')');
        return this.postfix(inner);
      }
      if (token.value === '[') return this.list();
      if (token.value === '{') return this.map();
    }
    return this.postfix(this.primary());
  }

  private primary(): Expr {
    const token = this.current();
    const { position, value } = token;
    this.next();
    switch (token.type) {
      case 'long': {
        // A number of millions of digits is not even read.
        const digits = value.replace(/^0+(?=\d)/, '');
        const long = digits.length > 19 ? MAX_LONG + 1n : BigInt(digits);
        if (!fitsLong(long))
          throw new Failure(`The number ${value.slice(0, 40)} does not fit 64 bits`, 'syntax', position);
        return this.make({ kind: 'literal', value: long, position });
      }
      case 'decimal':
        return this.make({ kind: 'literal', value: decimal(Number(value)), position });
      case 'string':
        return this.make({ kind: 'literal', value, position });
      case 'quote':
        return this.interpolation(position);
      case 'name': {
        const literal = LITERALS.get(value);
        if (literal !== undefined) return this.make({ kind: 'literal', value: literal, position });
        if (!this.atPunctuation('(')) return this.make({ kind: 'name', name: value, position });
        const args = this.args();
        return this.make({ kind: 'call', name: value, args, position }, argExprs(args));
      }
      default:
        return this.unexpected(token, 'a value');
    }
  }

  private interpolation(position: number): Expr {
    const parts: Expr[] = [];
    for (;;) {
      const token = this.current();
      this.next();
      if (token.type === 'quote') break;
      if (token.type === 'string') {
        parts.push(this.make({ kind: 'literal', value: token.value, position: token.position }));
      } else {
        parts.push(this.expression());
        this.expect('endInterpolate', '}');
      }
    }
    return this.make({ kind: 'interpolation', parts, position }, parts);
  }

  private postfix(start: Expr): Expr {
    let base = start;
    for (;;) {
      if (this.atPunctuation('.')) {
        this.next();
        const name = this.expect('name', 'a name');
        const shape = { kind: 'attribute', base, name: name.value, position: name.position } as const;
        if (this.atPunctuation('(')) {
          const args = this.args();
          if (args.named.length > 0) {
            throw new Failure('A method takes no named arguments', 'syntax', name.position);
          }
          base = this.make({ ...shape, args }, [base, ...argExprs(args)]);
        } else {
          base = this.make(shape, [base]);
        }
      } else if (this.atPunctuation('[')) {
        const { position } = this.current();
        this.next();
        const index = this.expression();
        this.expectPunctuation(']');
        base = this.make({ kind: 'subscript', base, index, position }, [base, index]);
      } else {
        return base;
      }
    }
  }

  private args(): Args {
    const positional: Expr[] = [];
    const named: [string, Expr][] = [];
    this.expectPunctuation('(');
    while (!this.atPunctuation(')')) {
      if (positional.length + named.length > 0) this.expectPunctuation(',');
      const token = this.current();
      const next = this.peek();
      if (token.type === 'name' && next.type === 'punctuation' && next.value === '=') {
        this.next();
        this.next();
        named.push([token.value, this.expression()]);
      } else {
        if (named.length > 0) {
          throw new Failure('Positional arguments come before named ones', 'syntax', token.position);
        }
        positional.push(this.expression());
      }
    }
    this.next();
    return { positional, named };
  }

  private list(): Expr {
    const { position } = this.current();
    const items: Expr[] = [];
    this.next();
    while (!this.atPunctuation(']')) {
      if (items.length > 0) this.expectPunctuation(',');
      items.push(this.expression());
    }
    this.next();
    return this.make({ kind: 'list', items, position }, items);
  }

  private map(): Expr {
    const { position } = this.current();
    const entries: [Expr, Expr][] = [];
    this.next();
    while (!this.atPunctuation('}')) {
      if (entries.length > 0) this.expectPunctuation(',');
      const key = this.expression();
      this.expectPunctuation(':');
      entries.push([key, this.expression()]);
    }
    this.next();
    return this.make({ kind: 'map', entries, position }, entries.flat());
  }
}

const SHOWN: Partial<Record<TokenType, string>> = {
  end: 'end of the template',
  endPrint: 'end of the expression',
  endTag: 'end of the tag',
  quote: 'text',
  string: 'text',
  text: 'text',
};

function argExprs(args: Args): Expr[] {
  return [...args.positional, ...args.named.map(([, value]) => value)];
}
