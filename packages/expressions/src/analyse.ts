import { GenerationCache } from './cache.ts';
import { ExpressionError, Failure, toExpressionError } from './errors.ts';
import type { Args, Expr, ExprOf, Statement, Template } from './nodes.ts';
import { parseTemplate } from './parser.ts';
import { rawMarker, replaceRawBlocks } from './raw.ts';
import { functions } from './registry.ts';
import { isFilter, isTest, unknownFilter, unknownFunction, unknownTest } from './unknown-names.ts';
import { isList, isMap, LazyMap, listItems, mapEntries } from './values.ts';

/** A step of a path: a name, or the value that another path has (`[taskrun.value]`). */
export type PathStep = string | { readonly valueOf: readonly string[] };

/** What a template can touch. Each path stands for everything below it. */
export interface TemplateUse {
  readonly paths: ReadonlyArray<readonly PathStep[]>;
  /** Those of them whose absence fails the template for sure: not guarded by `??`, `default`, `is defined` or a condition. */
  readonly needed: ReadonlyArray<readonly PathStep[]>;
  readonly functions: ReadonlySet<string>;
  readonly filters: ReadonlySet<string>;
  /** Filters, functions and tests that do not exist: evaluating the template fails there, if it gets that far. */
  readonly unknown: readonly ExpressionError[];
  /** True when the paths do not tell everything: `render()`, `printContext()`. */
  readonly dynamic: boolean;
  /** True when a host may have to perform calls. */
  readonly io: boolean;
}

const cache = new GenerationCache<TemplateUse>(2000, 4 * 1024 * 1024);
const NOTHING: TemplateUse = {
  paths: [],
  needed: [],
  functions: new Set(),
  filters: new Set(),
  unknown: [],
  dynamic: false,
  io: false,
};

/**
 * Which variable paths a template can touch. Paths end in front of a computed subscript, unless that is a plain path itself; what
 * the subscript reads is a path of its own. Raises ExpressionError on a syntax error. Not for recursive rendering, where every text can
 * become a template.
 */
export function analyse(template: string): TemplateUse {
  if (!template.includes('{')) return NOTHING;
  const known = cache.get(template);
  if (known !== undefined) return known;
  const use = new Collector(parse(template), template).use();
  cache.set(template, use, template.length);
  return use;
}

/** The same for all texts inside a value, keys of maps included. */
export function analyseStructure(value: unknown): TemplateUse {
  const uses: TemplateUse[] = [];
  const walk = (item: unknown): void => {
    if (typeof item === 'string') {
      const use = analyse(item);
      if (use !== NOTHING) uses.push(use);
    } else if (isList(item)) {
      for (const child of listItems(item)) walk(child);
    } else if (isMap(item) && !(item instanceof LazyMap)) {
      for (const [key, child] of mapEntries(item)) {
        walk(key);
        walk(child);
      }
    }
  };
  walk(value);
  const [only] = uses;
  if (only === undefined) return NOTHING;
  if (uses.length === 1) return only;
  return {
    paths: withoutCovered(uses.flatMap((use) => use.paths)),
    needed: withoutCovered(uses.flatMap((use) => use.needed)),
    functions: new Set(uses.flatMap((use) => [...use.functions])),
    filters: new Set(uses.flatMap((use) => [...use.filters])),
    unknown: uses.flatMap((use) => use.unknown),
    dynamic: uses.some((use) => use.dynamic),
    io: uses.some((use) => use.io),
  };
}

/** The syntax error of a template, or nothing. */
export function checkSyntax(template: string): ExpressionError | undefined {
  try {
    if (template.includes('{')) parse(template);
    return undefined;
  } catch (error) {
    if (error instanceof ExpressionError) return error;
    throw error;
  }
}

function parse(template: string): Template {
  let count = 0;
  const marked = replaceRawBlocks(template, () => {
    count += 1;
    return rawMarker(count - 1);
  });
  try {
    return parseTemplate(marked);
  } catch (error) {
    if (error instanceof Failure) throw toExpressionError(error, template, 0);
    throw error;
  }
}

/** Each path once, and none that another one covers. */
function withoutCovered(paths: readonly (readonly PathStep[])[]): (readonly PathStep[])[] {
  const unique = new Map(paths.map((path) => [JSON.stringify(path), path]));
  return [...unique.values()].filter((path) => {
    for (let length = 1; length < path.length; length += 1) {
      if (unique.has(JSON.stringify(path.slice(0, length)))) return false;
    }
    return true;
  });
}

type Locals = ReadonlySet<string>;

/** Operators whose right side may not be looked at. */
const LAZY: ReadonlySet<string> = new Set(['??', '???', 'and', 'or']);

class Collector {
  private readonly template: Template;
  private readonly paths: (readonly PathStep[])[] = [];
  private readonly needed: (readonly PathStep[])[] = [];
  /** Around what is looked at: places where something undefined is caught, or that may not be reached. */
  private guards = 0;
  private readonly functions = new Set<string>();
  private readonly filters = new Set<string>();
  private dynamic = false;
  private io = false;
  /** Inside a macro no outer variable exists. */
  private inMacro = false;

  private readonly unknown: ExpressionError[] = [];
  private readonly source: string;

  constructor(template: Template, source: string) {
    this.template = template;
    this.source = source;
  }

  private missing(failure: Failure): void {
    this.unknown.push(toExpressionError(failure, this.source, 0));
  }

  private filter(name: string, position: number): void {
    this.filters.add(name);
    if (!isFilter(name)) this.missing(unknownFilter(name, position));
  }

  use(): TemplateUse {
    this.body(this.template.body, new Set());
    this.inMacro = true;
    for (const macro of this.template.macros.values()) {
      for (const { fallback } of macro.parameters) if (fallback !== undefined) this.expr(fallback, new Set());
      this.body(macro.body, new Set(macro.parameters.map((parameter) => parameter.name)));
    }
    return {
      paths: withoutCovered(this.paths),
      needed: withoutCovered(this.needed),
      functions: this.functions,
      filters: this.filters,
      unknown: this.unknown,
      dynamic: this.dynamic,
      io: this.io,
    };
  }

  private body(statements: readonly Statement[], outer: Locals): void {
    let locals = outer;
    for (const statement of statements) {
      this.statement(statement, locals);
      // Only from here on, and only in this body, is it sure that the name is the template's own.
      if (statement.kind === 'set') locals = new Set([...locals, statement.name]);
    }
  }

  private statement(statement: Statement, locals: Locals): void {
    switch (statement.kind) {
      case 'text':
      case 'macro':
        return;
      case 'print':
      case 'set':
        return this.expr(statement.value, locals);
      case 'if':
        statement.branches.forEach(({ condition, body }, index) => {
          if (index === 0) this.expr(condition, locals);
          else this.guarded(() => this.expr(condition, locals));
          this.guarded(() => this.body(body, locals));
        });
        return this.guarded(() => this.body(statement.otherwise, locals));
      case 'for':
        this.expr(statement.items, locals);
        return this.guarded(() => {
          this.body(statement.body, new Set([...locals, statement.name, 'loop']));
          this.body(statement.otherwise, locals);
        });
      case 'filter':
        for (const { name, args, position } of statement.filters) {
          this.filter(name, position);
          this.args(args, locals);
        }
        return this.body(statement.body, locals);
      case 'block':
        return this.body(statement.body, locals);
    }
  }

  private args(args: Args, locals: Locals): void {
    for (const value of args.positional) this.expr(value, locals);
    for (const [, value] of args.named) this.expr(value, locals);
  }

  private expr(expr: Expr, locals: Locals): void {
    switch (expr.kind) {
      case 'literal':
        return;
      case 'name':
      case 'attribute':
      case 'subscript':
        return this.path(expr, locals);
      case 'call':
        return this.call(expr, locals);
      case 'unary':
        return this.expr(expr.operand, locals);
      case 'binary':
        this.guardedIf(expr.operator === '??' || expr.operator === '???', () => this.expr(expr.left, locals));
        return this.guardedIf(LAZY.has(expr.operator), () => this.expr(expr.right, locals));
      case 'filter':
        this.filter(expr.name, expr.position);
        this.guardedIf(expr.name === 'default', () => this.expr(expr.input, locals));
        return this.args(expr.args, locals);
      case 'test':
        if (!isTest(expr.name)) this.missing(unknownTest(expr.name, expr.position));
        return this.guardedIf(expr.name === 'defined', () => this.expr(expr.input, locals));
      case 'ternary':
        this.expr(expr.condition, locals);
        return this.guarded(() => {
          this.expr(expr.yes, locals);
          this.expr(expr.no, locals);
        });
      case 'list':
        for (const item of expr.items) this.expr(item, locals);
        return;
      case 'map':
        for (const [key, value] of expr.entries) {
          this.expr(key, locals);
          this.expr(value, locals);
        }
        return;
      case 'interpolation':
        for (const part of expr.parts) this.expr(part, locals);
    }
  }

  private guarded(look: () => void): void {
    this.guards++;
    look();
    this.guards--;
  }

  private guardedIf(is: boolean, look: () => void): void {
    if (is) this.guarded(look);
    else look();
  }

  private call({ name, args, position }: ExprOf<'call'>, locals: Locals): void {
    this.functions.add(name);
    const definition = functions.get(name);
    const { macros } = this.template;
    if (definition === undefined && !macros.has(name)) this.missing(unknownFunction(name, position, macros.keys()));
    if (definition?.dynamic === true) this.dynamic = true;
    if (definition?.io === true) this.io = true;
    for (const path of definition?.reads ?? []) this.paths.push(path);
    this.args(args, locals);
  }

  /** A chain of names and subscripts: the path up to the first part that is computed. */
  private path(expr: Expr, locals: Locals): void {
    const parts: PathStep[] = [];
    const inner: Expr[] = [];
    let base = expr;
    for (;;) {
      if (base.kind === 'attribute') {
        if (base.args !== undefined) {
          // A method reads all of what it is called on, and nothing is known of its result.
          inner.push(...base.args.positional);
          parts.length = 0;
        } else {
          parts.unshift(base.name);
        }
        base = base.base;
      } else if (base.kind === 'subscript') {
        const { index } = base;
        if (index.kind === 'literal' && typeof index.value === 'string') {
          parts.unshift(index.value);
        } else if (index.kind === 'literal' && typeof index.value === 'bigint') {
          parts.unshift(String(index.value));
        } else {
          inner.push(index);
          const valueOf = this.plainPath(index, locals);
          if (valueOf === undefined) parts.length = 0;
          else parts.unshift({ valueOf });
        }
        base = base.base;
      } else {
        break;
      }
    }
    if (base.kind !== 'name') this.expr(base, locals);
    else if (!this.inMacro && !locals.has(base.name)) {
      this.paths.push([base.name, ...parts]);
      if (this.guards === 0) this.needed.push([base.name, ...parts]);
    }
    for (const part of inner) this.expr(part, locals);
  }

  /** The path of an expression that is nothing but names and literal subscripts of an outer variable. */
  private plainPath(expr: Expr, locals: Locals): readonly string[] | undefined {
    const parts: string[] = [];
    for (let base = expr; ; base = base.base) {
      if (base.kind === 'name') return this.inMacro || locals.has(base.name) ? undefined : [base.name, ...parts];
      if (base.kind === 'attribute' && base.args === undefined) parts.unshift(base.name);
      else if (base.kind === 'subscript' && base.index.kind === 'literal' && base.index.value !== null) {
        // oxlint-disable-next-line typescript/no-base-to-string -- a literal is a text, a number or a boolean
        parts.unshift(String(base.index.value));
      } else return undefined;
    }
  }
}
