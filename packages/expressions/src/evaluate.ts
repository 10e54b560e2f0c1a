import { shortened } from '@tiercel/model';
import type { Context } from './context.ts';
import { getNamed, getSubscript, invoke, knownNames } from './attributes.ts';
import { methodNames } from './methods.ts';
import { unknownFilter, unknownFunction, unknownTest } from './unknown-names.ts';
import { Failure, fail, UndefinedName } from './errors.ts';
import type { Args, Expr, ExprOf } from './nodes.ts';
import { truth } from './operators.ts';
import { caught, compileBinary, compileUnary } from './evaluate-operators.ts';
import { plainText } from './print.ts';
import { filters, functions } from './registry.ts';
import type { FilterDefinition } from './definitions.ts';
import { isEmptyValue, tests } from './tests.ts';
import { makeMap, MISSING, type Value } from './values.ts';

/** A part of a template after compilation: what it prints goes to the context. */
export type Run = (context: Context) => void;

export interface CompiledMacro {
  readonly parameters: readonly string[];
  readonly call: (args: readonly (Value | undefined)[], context: Context) => string;
}

/** A template ready to run, with what it holds of macros and blocks. */
export interface CompiledTemplate {
  /** Number of tokens: what parsing cost. */
  readonly size: number;
  readonly source: string;
  readonly run: Run;
  /** Set when the template is one `{{ }}` and nothing else. */
  readonly single: Compiled | undefined;
  readonly macros: ReadonlyMap<string, CompiledMacro>;
  readonly blocks: ReadonlyMap<string, Run>;
  /** The raw blocks that markers stand for. */
  readonly raws: readonly string[];
}

export type Evaluate = (context: Context) => Value;
export type Soft = (context: Context) => Value | typeof MISSING;

/**
 * An expression as closures. `value` raises when something is undefined; `soft` says MISSING instead where that is cheap,
 * so that `a.b ?? c` does not pay for an exception.
 */
export interface Compiled {
  readonly value: Evaluate;
  readonly soft?: Soft;
}

/** Compiles an expression to closures. Never raises: unknown names fail when they are evaluated (expressions.md §9.5, §12). */
export function compileExpression(expr: Expr): Compiled {
  switch (expr.kind) {
    case 'literal': {
      const { value } = expr;
      return { value: () => value };
    }
    case 'name':
      return compileName(expr);
    case 'attribute':
      return expr.args === undefined ? compileAttribute(expr) : compileMethod(expr, expr.args);
    case 'subscript':
      return compileSubscript(expr);
    case 'call':
      return compileCall(expr);
    case 'unary':
      return { value: compileUnary(expr) };
    case 'binary':
      return { value: compileBinary(expr) };
    case 'filter':
      return compileFilter(expr);
    case 'test':
      return { value: compileTest(expr) };
    case 'ternary':
      return { value: compileTernary(expr) };
    case 'list': {
      const items = expr.items.map((item) => compileExpression(item).value);
      return {
        value: (context) => {
          context.work.step(items.length);
          return items.map((item) => item(context));
        },
      };
    }
    case 'map':
      return { value: compileMap(expr) };
    case 'interpolation':
      return { value: compileInterpolation(expr) };
  }
}

function compileName({ name, position }: ExprOf<'name'>): Compiled {
  return {
    value: (context) => {
      const value = context.lookup(name);
      if (value === MISSING) throw context.undefinedRoot(name, position);
      return value;
    },
    soft: (context) => context.lookup(name),
  };
}

/** Something that gives MISSING, with both of its forms. */
function lookup(find: Soft, missing: (context: Context) => UndefinedName): Compiled {
  return {
    value: (context) => {
      const value = find(context);
      if (value === MISSING) throw missing(context);
      return value;
    },
    soft: find,
  };
}

function compileAttribute({ base, name, position }: ExprOf<'attribute'>): Compiled {
  const inner = compileExpression(base);
  const innerSoft = inner.soft;
  return {
    value: (context) => {
      const on = inner.value(context);
      const value = getNamed(on, name, context.work);
      if (value === MISSING) throw new UndefinedName(name, position, () => knownNames(on));
      return value;
    },
    soft: (context) => {
      const on = innerSoft === undefined ? inner.value(context) : innerSoft(context);
      return on === MISSING ? MISSING : getNamed(on, name, context.work);
    },
  };
}

function compileSubscript({ base, index, position }: ExprOf<'subscript'>): Compiled {
  const inner = compileExpression(base);
  const innerSoft = inner.soft;
  const key = compileExpression(index).value;
  return {
    value: (context) => {
      const on = inner.value(context);
      const at = key(context);
      const value = getSubscript(on, at, context.work);
      if (value === MISSING) {
        throw new UndefinedName(shortened(plainText(at, context.work), 200), position, () => knownNames(on));
      }
      return value;
    },
    soft: (context) => {
      const on = innerSoft === undefined ? inner.value(context) : innerSoft(context);
      return on === MISSING ? MISSING : getSubscript(on, key(context), context.work);
    },
  };
}

function compileMethod({ base, name, position }: ExprOf<'attribute'>, args: Args): Compiled {
  const on = compileExpression(base).value;
  const values = args.positional.map((arg) => compileExpression(arg).value);
  return lookup(
    (context) => {
      const self = on(context);
      const given = values.map((value) => value(context));
      context.position = position;
      return invoke(self, name, given, context.work);
    },
    (context) => new UndefinedName(name, position, () => methodNames(on(context))),
  );
}

/** Brings arguments to their places. The closure fails when they do not fit the callee (expressions.md §3.1). */
function bindArguments(
  args: Args,
  params: readonly string[] | null,
  callee: string,
): (context: Context) => (Value | undefined)[] {
  const positional = args.positional.map((arg) => compileExpression(arg).value);
  if (params === null) return (context) => positional.map((arg) => arg(context));
  if (positional.length > params.length) {
    return () => fail(`\`${callee}\` takes at most ${params.length} arguments, not ${positional.length}`);
  }
  const places: (Evaluate | undefined)[] = params.map((_, index) => positional[index]);
  for (const [name, value] of args.named) {
    const index = params.indexOf(name);
    if (index === -1) {
      const message = `\`${callee}\` has no argument \`${name}\``;
      return () => {
        throw new Failure(message, 'evaluation', value.position, { name, known: () => params });
      };
    }
    places[index] = compileExpression(value).value;
  }
  if (places.every((place) => place === undefined)) {
    return () => [];
  }
  return (context) => places.map((place) => place?.(context));
}

function compileCall({ name, args, position }: ExprOf<'call'>): Compiled {
  const definition = functions.get(name);
  if (definition !== undefined) {
    const bound = bindArguments(args, definition.params, name);
    return {
      value: (context) => {
        context.position = position;
        const values = bound(context);
        context.position = position;
        context.work.step();
        return definition.call(values, context);
      },
    };
  }
  const byParameters = new WeakMap<CompiledMacro, (context: Context) => (Value | undefined)[]>();
  return {
    value: (context) => {
      const macro = context.template.macros.get(name);
      context.position = position;
      if (macro === undefined) throw unknownFunction(name, position, context.template.macros.keys());
      let bound = byParameters.get(macro);
      if (bound === undefined) {
        bound = bindArguments(args, macro.parameters, name);
        byParameters.set(macro, bound);
      }
      const values = bound(context);
      context.position = position;
      return macro.call(values, context);
    },
  };
}

function compileFilter({ input, name, args, position }: ExprOf<'filter'>): Compiled {
  if (name === 'default') return { value: compileDefault(input, args, position) };
  const { value: on, soft } = compileExpression(input);
  const apply = compileFilterCall(name, args, position);
  const value: Evaluate = (context) => apply(on(context), context);
  if (soft === undefined) return { value };
  // An undefined input needs no exception on its way to the `??` that catches it.
  return {
    value,
    soft: (context) => {
      const found = soft(context);
      return found === MISSING ? MISSING : apply(found, context);
    },
  };
}

/** The filter by itself, for expressions and for the tag `filter`. */
export function compileFilterCall(
  name: string,
  args: Args,
  position: number,
): (input: Value, context: Context) => Value {
  const definition: FilterDefinition | undefined = filters.get(name);
  if (definition === undefined) {
    return () => {
      throw unknownFilter(name, position);
    };
  }
  const bound = bindArguments(args, definition.params, name);
  const takesNull = definition.takesNull === true;
  return (input, context) => {
    context.position = position;
    const values = bound(context);
    if (input === null && !takesNull) return null;
    context.position = position;
    context.work.step();
    return definition.apply(input, values, context);
  };
}

function compileDefault(input: Expr, args: Args, position: number): Evaluate {
  const on = caught(input);
  const bound = bindArguments(args, ['default'], 'default');
  return (context) => {
    const value = on(context);
    if (typeof value === 'string') context.work.step(value.length >> 10);
    if (value !== MISSING && !isEmptyValue(value)) return value;
    context.position = position;
    return bound(context)[0] ?? null;
  };
}

function compileTest({ input, name, negated, position }: ExprOf<'test'>): Evaluate {
  if (name === 'defined') {
    const on = caught(input);
    return (context) => {
      const value = on(context);
      return (value !== MISSING && value !== null) !== negated;
    };
  }
  const on = compileExpression(input).value;
  const test = tests.get(name);
  return (context) => {
    const value = on(context);
    context.position = position;
    if (test === undefined) throw unknownTest(name, position);
    // Blank texts are read to their end.
    if (typeof value === 'string') context.work.step(value.length >> 10);
    return test(value, context.work) !== negated;
  };
}

function compileTernary({ condition, yes, no, position }: ExprOf<'ternary'>): Evaluate {
  const test = compileExpression(condition).value;
  const whenTrue = compileExpression(yes).value;
  const whenFalse = compileExpression(no).value;
  return (context) => {
    const value = test(context);
    context.position = position;
    return (value === null ? false : truth(value, 'The condition')) ? whenTrue(context) : whenFalse(context);
  };
}

function compileMap(expr: ExprOf<'map'>): Evaluate {
  const entries = expr.entries.map(
    ([key, value]) => [compileExpression(key).value, compileExpression(value).value] as const,
  );
  return (context) => {
    context.work.step(entries.length);
    return makeMap(
      entries.map(([key, value]) => {
        const name = key(context);
        return [name === null ? 'null' : plainText(name, context.work), value(context)] as const;
      }),
    );
  };
}

function compileInterpolation(expr: ExprOf<'interpolation'>): Evaluate {
  const parts = expr.parts.map((part) => compileExpression(part).value);
  return (context) => {
    let out = '';
    for (const part of parts) {
      const text = plainText(part(context), context.work);
      context.work.text(out.length + text.length);
      out += text;
    }
    return out;
  };
}
