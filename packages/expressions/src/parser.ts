import { Failure } from './errors.ts';
import { ExpressionParser } from './parser-expressions.ts';
import type { Branch, Expr, Macro, Statement, Template } from './nodes.ts';
import { tokenize } from './lexer.ts';
import type { Work } from './work.ts';

const MAX_TAG_DEPTH = 100;
/** All tags, those that end others too: the one that was meant may be either. */
const TAGS =
  'if elseif else endif for endfor set macro endmacro filter endfilter block endblock verbatim endverbatim raw endraw'.split(
    ' ',
  );
const KEYWORDS = new Set(['true', 'false', 'null', 'none']);

/** Parses a template (expressions.md §2, §3, §7). Raises a Failure of kind `syntax` with the place; `work` bounds the time. */
export function parseTemplate(source: string, work?: Work): Template {
  return new TemplateParser(source, work).template();
}

class TemplateParser extends ExpressionParser {
  private readonly source: string;
  private readonly macros = new Map<string, Macro>();
  private readonly blocks = new Map<string, readonly Statement[]>();
  private tagDepth = 0;

  constructor(source: string, work: Work | undefined) {
    super(tokenize(source, work));
    this.source = source;
  }

  template(): Template {
    const body = this.body([]);
    return { size: this.size(), source: this.source, body, macros: this.macros, blocks: this.blocks };
  }

  /** Statements up to a tag with one of these names, which stays the next token but one; without names, to the end. */
  private body(ends: readonly string[]): Statement[] {
    const statements: Statement[] = [];
    for (;;) {
      const token = this.current();
      if (token.type === 'end') {
        if (ends.length > 0) throw new Failure(`The tag \`${ends.at(-1)}\` is missing`, 'syntax', token.position);
        return statements;
      }
      if (token.type === 'text') {
        this.next();
        statements.push({ kind: 'text', text: token.value });
      } else if (token.type === 'print') {
        this.next();
        const value = this.expression();
        this.expect('endPrint', '}}');
        statements.push({ kind: 'print', value, position: token.position });
      } else {
        const name = this.peek();
        if (name.type === 'name' && ends.includes(name.value)) {
          this.next();
          return statements;
        }
        this.next();
        statements.push(this.tag());
      }
    }
  }

  private endTag(name: string): void {
    this.expectName(name);
    this.expect('endTag', '%}');
  }

  private tag(): Statement {
    const name = this.current();
    if (name.type !== 'name') throw new Failure('A tag needs a name', 'syntax', name.position);
    this.next();
    this.tagDepth += 1;
    if (this.tagDepth > MAX_TAG_DEPTH) throw new Failure('Tags are nested too deeply', 'limit', name.position);
    const statement = this.statement(name.value, name.position);
    this.tagDepth -= 1;
    return statement;
  }

  private statement(name: string, position: number): Statement {
    switch (name) {
      case 'if':
        return this.ifTag();
      case 'for':
        return this.forTag(position);
      case 'set':
        return this.setTag(position);
      case 'macro':
        return this.macroTag(position);
      case 'filter':
        return this.filterTag();
      case 'block':
        return this.blockTag(position);
      default:
        throw new Failure(`Unexpected tag name "${name}"`, 'syntax', position, { name, known: () => TAGS });
    }
  }

  private ifTag(): Statement {
    const branches: Branch[] = [];
    let otherwise: Statement[] = [];
    let condition = this.expression();
    this.expect('endTag', '%}');
    for (;;) {
      branches.push({ condition, body: this.body(['elseif', 'else', 'endif']) });
      const end = this.current();
      this.next();
      if (end.value === 'elseif') {
        condition = this.expression();
        this.expect('endTag', '%}');
        continue;
      }
      this.expect('endTag', '%}');
      if (end.value === 'else') {
        otherwise = this.body(['endif']);
        this.endTag('endif');
      }
      return { kind: 'if', branches, otherwise };
    }
  }

  private forTag(position: number): Statement {
    const name = this.variableName();
    this.expectName('in');
    const items = this.expression();
    this.expect('endTag', '%}');
    const body = this.body(['else', 'endfor']);
    let otherwise: Statement[] = [];
    if (this.current().value === 'else') {
      this.next();
      this.expect('endTag', '%}');
      otherwise = this.body(['endfor']);
    }
    this.endTag('endfor');
    return { kind: 'for', name, items, body, otherwise, position };
  }

  private setTag(position: number): Statement {
    const name = this.variableName();
    this.expectPunctuation('=');
    const value = this.expression();
    this.expect('endTag', '%}');
    return { kind: 'set', name, value, position };
  }

  private variableName(): string {
    const token = this.current();
    if (token.type !== 'name') throw new Failure('A variable name is missing', 'syntax', token.position);
    if (KEYWORDS.has(token.value)) {
      throw new Failure(`Can not assign a value to ${token.value}`, 'syntax', token.position);
    }
    this.next();
    return token.value;
  }

  private macroTag(position: number): Statement {
    const name = this.variableName();
    const parameters: { name: string; fallback: Expr | undefined }[] = [];
    this.expectPunctuation('(');
    while (!this.atPunctuation(')')) {
      if (parameters.length > 0) this.expectPunctuation(',');
      const parameter = this.variableName();
      let fallback: Expr | undefined;
      if (this.atPunctuation('=')) {
        this.next();
        fallback = this.expression();
      }
      parameters.push({ name: parameter, fallback });
    }
    this.expectPunctuation(')');
    this.expect('endTag', '%}');
    const body = this.body(['endmacro']);
    this.endTag('endmacro');
    if (this.macros.has(name))
      throw new Failure(`More than one macro can not share the same name: ${name}`, 'syntax', position);
    const macro: Macro = { name, parameters, body, position };
    this.macros.set(name, macro);
    return { kind: 'macro', macro };
  }

  private filterTag(): Statement {
    const filters = [this.filterInvocation()];
    while (this.atOperator('|')) {
      this.next();
      filters.push(this.filterInvocation());
    }
    this.expect('endTag', '%}');
    const body = this.body(['endfilter']);
    this.endTag('endfilter');
    return { kind: 'filter', filters, body };
  }

  private blockTag(position: number): Statement {
    const token = this.current();
    if (token.type !== 'name' && token.type !== 'string') throw new Failure('A block needs a name', 'syntax', position);
    this.next();
    this.expect('endTag', '%}');
    const body = this.body(['endblock']);
    this.expectName('endblock');
    const closing = this.current();
    if (closing.type === 'name' || closing.type === 'string') {
      if (closing.value !== token.value) {
        throw new Failure(
          `endblock names \`${closing.value}\`, the block is \`${token.value}\``,
          'syntax',
          closing.position,
        );
      }
      this.next();
    }
    this.expect('endTag', '%}');
    if (this.blocks.has(token.value)) {
      throw new Failure(`More than one block can not share the same name: ${token.value}`, 'syntax', position);
    }
    this.blocks.set(token.value, body);
    return { kind: 'block', name: token.value, body };
  }
}
