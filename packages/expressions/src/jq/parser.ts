import { fail } from '../errors.ts';
import { decimal } from '../values.ts';
import { Cursor, MAX_NESTING } from './cursor.ts';
import { type JqToken, tokenizeJq } from './lexer.ts';
import type { Definition, Node, Pattern } from './nodes.ts';

const KEYWORDS = new Set(
  'def if then elif else end as reduce foreach try catch label import include and or __loc__'.split(' '),
);
const COMPARISONS = new Set(['==', '!=', '<', '<=', '>', '>=']);
const ASSIGNMENTS = new Set(['=', '|=', '+=', '-=', '*=', '/=', '%=', '//=']);
const IDENTITY: Node = { kind: 'identity' };

/** Parses a jq program: the dialect of jq 1.6 (expressions.md §11). Raises a Failure. */
export function parseJq(source: string): Node {
  const parser = new JqParser(tokenizeJq(source));
  return parser.program();
}

/** Parses definitions alone, for the functions that are written in jq itself. */
export function parseDefinitions(source: string): Definition[] {
  return new JqParser(tokenizeJq(source)).definitions();
}

class JqParser extends Cursor {
  program(): Node {
    const body = this.pipe();
    if (this.current().type !== 'end') this.unexpected();
    return body;
  }

  definitions(): Definition[] {
    const found: Definition[] = [];
    while (this.atName('def')) found.push(this.definition());
    return found;
  }

  private pipe(): Node {
    return this.deeper(() => {
      if (this.atName('def')) {
        const definition = this.definition();
        return { kind: 'def', definition, body: this.pipe() };
      }
      if (this.atName('label')) {
        this.next();
        const name = this.variable();
        this.expect('|');
        return { kind: 'label', name, body: this.pipe() };
      }
      const left = this.comma();
      return this.accept('|') ? { kind: 'pipe', left, right: this.pipe() } : left;
    });
  }

  private definition(): Definition {
    this.expectName('def');
    const name = this.next();
    if (name.type !== 'name') return fail('A definition of the jq program has no name');
    const params: string[] = [];
    if (this.accept('(')) {
      do {
        const param = this.next();
        if (param.type !== 'name' && param.type !== 'variable')
          return fail('A parameter of the jq program has no name');
        params.push(param.type === 'variable' ? `$${param.value}` : param.value);
      } while (this.accept(';'));
      this.expect(')');
    }
    this.expect(':');
    const body = this.pipe();
    this.expect(';');
    return { name: name.value, params, body };
  }

  private comma(): Node {
    let left = this.alternative();
    while (this.accept(',')) left = { kind: 'comma', left, right: this.alternative() };
    return left;
  }

  private alternative(): Node {
    return this.deeper(() => {
      const left = this.assignment();
      return this.accept('//') ? { kind: 'alternative', left, right: this.alternative() } : left;
    });
  }

  private assignment(): Node {
    const left = this.or();
    const token = this.current();
    if (token.type !== 'operator' || !ASSIGNMENTS.has(token.value)) return left;
    this.next();
    return { kind: 'assign', operator: token.value, left, right: this.alternative() };
  }

  private or(): Node {
    let left = this.and();
    while (this.atName('or')) {
      this.next();
      left = { kind: 'or', left, right: this.and() };
    }
    return left;
  }

  private and(): Node {
    let left = this.comparison();
    while (this.atName('and')) {
      this.next();
      left = { kind: 'and', left, right: this.comparison() };
    }
    return left;
  }

  private comparison(): Node {
    const left = this.sum();
    const token = this.current();
    if (token.type !== 'operator' || !COMPARISONS.has(token.value)) return left;
    this.next();
    return { kind: 'binary', operator: token.value, left, right: this.sum() };
  }

  private sum(): Node {
    let left = this.product();
    while (this.at('+') || this.at('-')) {
      const operator = this.next().value;
      left = { kind: 'binary', operator, left, right: this.product() };
    }
    return left;
  }

  private product(): Node {
    let left = this.unary();
    while (this.at('*') || this.at('/') || this.at('%')) {
      const operator = this.next().value;
      left = { kind: 'binary', operator, left, right: this.unary() };
    }
    return left;
  }

  private unary(): Node {
    if (!this.accept('-')) return this.binding();
    return this.deeper(() => ({ kind: 'negate', operand: this.unary() }));
  }

  /** A term, with `as $x | …` behind it; the body reaches as far as a pipe does. */
  private binding(): Node {
    const source = this.postfix();
    if (!this.atName('as')) return source;
    this.next();
    const pattern = this.pattern();
    this.expect('|');
    return { kind: 'bind', source, pattern, body: this.pipe() };
  }

  private variable(): string {
    const token = this.next();
    return token.type === 'variable' ? token.value : fail('A variable is missing in the jq program');
  }

  private pattern(): Pattern {
    return this.deeper(() => {
      if (this.accept('[')) {
        const items: Pattern[] = [];
        do items.push(this.pattern());
        while (this.accept(','));
        this.expect(']');
        return { kind: 'array', items };
      }
      if (this.accept('{')) {
        const entries: (readonly [Node, Pattern | undefined, string | undefined])[] = [];
        do entries.push(this.patternEntry());
        while (this.accept(','));
        this.expect('}');
        return { kind: 'object', entries };
      }
      return { kind: 'variable', name: this.variable() };
    });
  }

  private patternEntry(): readonly [Node, Pattern | undefined, string | undefined] {
    const token = this.current();
    if (token.type === 'variable') {
      this.next();
      const key: Node = { kind: 'literal', value: token.value };
      return [key, this.accept(':') ? this.pattern() : undefined, token.value];
    }
    const key = this.objectKey();
    this.expect(':');
    return [key, this.pattern(), undefined];
  }

  private objectKey(): Node {
    const token = this.current();
    if (token.type === 'name') {
      this.next();
      return { kind: 'literal', value: token.value };
    }
    if (token.type === 'text' || token.type === 'format') return this.textTerm();
    if (this.accept('(')) {
      const key = this.pipe();
      this.expect(')');
      return key;
    }
    return this.unexpected();
  }

  private postfix(): Node {
    let node = this.term();
    for (let length = 0; ; length += 1) {
      if (length > MAX_NESTING) return fail('The jq program is nested too deeply');
      const token = this.current();
      if (token.type === 'field') {
        this.next();
        node = { kind: 'index', target: node, key: { kind: 'literal', value: token.value } };
      } else if (this.at('.') && this.startsText(1)) {
        this.next();
        node = { kind: 'index', target: node, key: this.textTerm() };
      } else if (this.at('.') && this.isOperator(1, '[')) {
        this.next();
      } else if (this.accept('[')) {
        node = this.subscript(node);
      } else if (this.accept('?')) {
        node = { kind: 'try', body: node, handler: undefined };
      } else {
        return node;
      }
    }
  }

  private startsText(ahead: number): boolean {
    return this.tokens[this.index + ahead]?.type === 'text';
  }

  private isOperator(ahead: number, value: string): boolean {
    const token = this.tokens[this.index + ahead];
    return token?.type === 'operator' && token.value === value;
  }

  private subscript(target: Node): Node {
    if (this.accept(']')) return { kind: 'iterate', target };
    if (this.accept(':')) {
      const to = this.pipe();
      this.expect(']');
      return { kind: 'slice', target, from: undefined, to };
    }
    const key = this.pipe();
    if (this.accept(':')) {
      const to = this.at(']') ? undefined : this.pipe();
      this.expect(']');
      return { kind: 'slice', target, from: key, to };
    }
    this.expect(']');
    return { kind: 'index', target, key };
  }

  private textTerm(): Node {
    const token = this.next();
    if (token.type === 'format') {
      if (this.current().type !== 'text') return { kind: 'format', name: token.value };
      return this.textParts(this.next(), token.value);
    }
    return this.textParts(token, undefined);
  }

  private textParts(token: JqToken, format: string | undefined): Node {
    const parts = (token.parts ?? []).map((part) =>
      typeof part === 'string' ? part : new JqParser(part, this.nesting + 1).program(),
    );
    const [only] = parts;
    if (parts.length === 1 && typeof only === 'string') return { kind: 'literal', value: only };
    return { kind: 'text', format, parts };
  }

  private term(): Node {
    const token = this.current();
    switch (token.type) {
      case 'number': {
        this.next();
        const isWhole = /^\d+$/.test(token.value) && Number.isSafeInteger(Number(token.value));
        return { kind: 'literal', value: isWhole ? Number(token.value) : decimal(Number(token.value)) };
      }
      case 'text':
      case 'format':
        return this.textTerm();
      case 'field':
        this.next();
        return { kind: 'index', target: IDENTITY, key: { kind: 'literal', value: token.value } };
      case 'variable':
        this.next();
        return { kind: 'variable', name: token.value };
      case 'operator':
        return this.operatorTerm();
      case 'name':
        return this.nameTerm();
      default:
        return this.unexpected();
    }
  }

  private operatorTerm(): Node {
    if (this.accept('..')) return { kind: 'recurse' };
    if (this.at('.')) {
      this.next();
      return this.current().type === 'text' ? { kind: 'index', target: IDENTITY, key: this.textTerm() } : IDENTITY;
    }
    if (this.accept('(')) {
      const body = this.pipe();
      this.expect(')');
      return body;
    }
    if (this.accept('[')) {
      if (this.accept(']')) return { kind: 'array', body: undefined };
      const body = this.pipe();
      this.expect(']');
      return { kind: 'array', body };
    }
    if (this.accept('{')) return this.object();
    if (this.at('-')) return this.unary();
    return this.unexpected();
  }

  private object(): Node {
    const entries: (readonly [Node, Node])[] = [];
    while (!this.accept('}')) {
      if (entries.length > 0) this.expect(',');
      entries.push(this.objectEntry());
    }
    return { kind: 'object', entries };
  }

  private objectEntry(): readonly [Node, Node] {
    const token = this.current();
    if (token.type === 'variable') {
      this.next();
      return [
        { kind: 'literal', value: token.value },
        { kind: 'variable', name: token.value },
      ];
    }
    const key = this.objectKey();
    if (this.accept(':')) return [key, this.objectValue()];
    const isComputed = token.type === 'operator';
    return isComputed ? this.unexpected() : [key, { kind: 'index', target: IDENTITY, key }];
  }

  /** Values bind tighter than commas; `|` is allowed between them. */
  private objectValue(): Node {
    const left = this.alternative();
    return this.accept('|') ? { kind: 'pipe', left, right: this.objectValue() } : left;
  }

  private nameTerm(): Node {
    const { value } = this.next();
    switch (value) {
      case 'if':
        return this.ifTerm();
      case 'try': {
        const body = this.postfixTry();
        if (!this.atName('catch')) return { kind: 'try', body, handler: undefined };
        this.next();
        return { kind: 'try', body, handler: this.postfixTry() };
      }
      case 'reduce':
        return this.reduceTerm();
      case 'foreach':
        return this.foreachTerm();
      case 'null':
        return { kind: 'literal', value: null };
      case 'true':
        return { kind: 'literal', value: true };
      case 'false':
        return { kind: 'literal', value: false };
      case 'break':
        return { kind: 'break', name: this.variable() };
      default:
        if (KEYWORDS.has(value)) {
          this.index -= 1;
          return this.unexpected();
        }
        return this.call(value);
    }
  }

  private postfixTry(): Node {
    return this.deeper(() => (this.accept('-') ? { kind: 'negate', operand: this.postfix() } : this.postfix()));
  }

  private call(name: string): Node {
    const args: Node[] = [];
    if (this.accept('(')) {
      do args.push(this.pipe());
      while (this.accept(';'));
      this.expect(')');
    }
    return { kind: 'call', name, args };
  }

  /** The dialect has no `if` without `else`. */
  private ifTerm(): Node {
    return this.deeper(() => {
      const condition = this.pipe();
      this.expectName('then');
      const yes = this.pipe();
      if (this.atName('elif')) {
        this.next();
        return { kind: 'if', condition, yes, no: this.ifTerm() };
      }
      this.expectName('else');
      const no = this.pipe();
      this.expectName('end');
      return { kind: 'if', condition, yes, no };
    });
  }

  private reduceTerm(): Node {
    const source = this.postfix();
    this.expectName('as');
    const pattern = this.pattern();
    this.expect('(');
    const init = this.pipe();
    this.expect(';');
    const update = this.pipe();
    this.expect(')');
    return { kind: 'reduce', source, pattern, init, update };
  }

  private foreachTerm(): Node {
    const source = this.postfix();
    this.expectName('as');
    const pattern = this.pattern();
    this.expect('(');
    const init = this.pipe();
    this.expect(';');
    const update = this.pipe();
    const extract = this.accept(';') ? this.pipe() : undefined;
    this.expect(')');
    return { kind: 'foreach', source, pattern, init, update, extract };
  }
}
