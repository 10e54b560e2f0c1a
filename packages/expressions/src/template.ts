import { GenerationCache } from './cache.ts';
import { Scope } from './context.ts';
import { fail, Failure, NeedsIo } from './errors.ts';
import { collectIo } from './io.ts';
import {
  compileExpression,
  compileFilterCall,
  type Compiled,
  type CompiledMacro,
  type CompiledTemplate,
  type Run,
} from './evaluate.ts';
import type { Macro, Statement } from './nodes.ts';
import { truth } from './operators.ts';
import { parseTemplate } from './parser.ts';
import { rawMarker, replaceRawBlocks } from './raw.ts';
import type { Work } from './work.ts';
import { isList, isMap, listItems, MapEntry, mapEntries, typeName, type Value } from './values.ts';

const cache = new GenerationCache<CompiledTemplate | Failure>(2000, 4 * 1024 * 1024);

/** The compiled template of a text, from the cache when it was seen lately. Raises the Failure of a bad text again. */
export function templateOf(source: string, work: Work): CompiledTemplate {
  let known = cache.get(source);
  if (known === undefined) {
    // Parsing is work as well: recursive rendering can make ever longer templates.
    known = compileOrFailure(source, work);
    // What the bounds of one rendering end may be well in another.
    if (!(known instanceof Failure && known.kind === 'limit')) cache.set(source, known, source.length);
  }
  if (known instanceof Failure) throw known;
  return known;
}

function compileOrFailure(source: string, work: Work): CompiledTemplate | Failure {
  try {
    return compileTemplate(source, work);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

function compileTemplate(source: string, work: Work): CompiledTemplate {
  const raws: string[] = [];
  const marked = replaceRawBlocks(source, (block) => {
    raws.push(block);
    return rawMarker(raws.length - 1);
  });
  const parsed = parseTemplate(marked, work);
  const macros = new Map<string, CompiledMacro>();
  for (const macro of parsed.macros.values()) macros.set(macro.name, compileMacro(macro));
  const blocks = new Map<string, Run>();
  for (const [name, body] of parsed.blocks) blocks.set(name, compileBody(body));
  const [first] = parsed.body;
  let single: Compiled | undefined;
  if (parsed.body.length === 1 && first?.kind === 'print') single = compileExpression(first.value);
  return { size: parsed.size, source, run: compileTop(parsed.body), single, macros, blocks, raws };
}

/** The outermost statements. When one needs I/O, the prints after it are tried too, so that one round asks for all. */
function compileTop(statements: readonly Statement[]): Run {
  const steps = statements.map((statement) => compileStatement(statement));
  const independent = statements.map((statement) => statement.kind === 'print' || statement.kind === 'text');
  return (context) => {
    for (let index = 0; index < steps.length; index += 1) {
      try {
        (steps[index] as Run)(context);
      } catch (error) {
        if (!(error instanceof NeedsIo)) throw error;
        let after = index + 1;
        while (after < steps.length && independent[after] === true) after += 1;
        throw collectIo(error, steps.slice(index + 1, after), context);
      }
    }
  };
}

function compileBody(statements: readonly Statement[]): Run {
  const steps = statements.map((statement) => compileStatement(statement));
  const [only] = steps;
  if (steps.length === 1 && only !== undefined) return only;
  return (context) => {
    for (const step of steps) step(context);
  };
}

function compileStatement(statement: Statement): Run {
  switch (statement.kind) {
    case 'text': {
      const { text } = statement;
      return (context) => context.writeText(text);
    }
    case 'print': {
      const { value } = compileExpression(statement.value);
      const { position } = statement.value;
      return (context) => {
        context.work.step();
        const result = value(context);
        context.position = position;
        context.writeValue(result);
      };
    }
    case 'if':
      return compileIf(statement);
    case 'for':
      return compileFor(statement);
    case 'set': {
      const { value } = compileExpression(statement.value);
      const { name } = statement;
      return (context) => {
        context.work.step();
        context.assign(name, value(context));
      };
    }
    case 'macro':
      // Macros are known to the template before it runs; the tag itself prints nothing.
      return () => undefined;
    case 'filter':
      return compileFilterTag(statement);
    case 'block':
      return compileBody(statement.body);
  }
}

function compileIf({ branches, otherwise }: Extract<Statement, { kind: 'if' }>): Run {
  const compiled = branches.map(({ condition, body }) => ({
    condition: compileExpression(condition).value,
    position: condition.position,
    body: compileBody(body),
  }));
  const last = compileBody(otherwise);
  return (context) => {
    for (const { condition, position, body } of compiled) {
      context.work.step();
      const value = condition(context);
      context.position = position;
      if (truth(value, '`if`')) {
        body(context);
        return;
      }
    }
    last(context);
  };
}

/** What a loop runs over: elements, or the entries of a map. */
function loopItems(value: Value, work: Work): readonly Value[] | undefined {
  if (value === null) return undefined;
  if (isList(value)) return listItems(value);
  if (isMap(value)) {
    const entries = [...mapEntries(value)].map(([key, item]) => new MapEntry(key, item));
    work.step(entries.length);
    return entries;
  }
  return fail(`\`for\` needs a list or a map, not ${typeName(value)}`);
}

function compileFor({ name, items, body, otherwise, position }: Extract<Statement, { kind: 'for' }>): Run {
  const value = compileExpression(items).value;
  const run = compileBody(body);
  const whenEmpty = compileBody(otherwise);
  const independent = isIndependent(body);
  return (context) => {
    const over = value(context);
    context.position = position;
    const list = loopItems(over, context.work);
    if (list === undefined) return;
    if (list.length === 0) {
      whenEmpty(context);
      return;
    }
    const scope = new Scope(context.ensureScope(), false);
    const round = (index: number): void => {
      const { length } = list;
      context.work.step();
      const item = list[index];
      scope.vars.set(name, item === undefined ? null : item);
      scope.vars.set('loop', {
        index,
        length,
        first: index === 0,
        last: index === length - 1,
        revindex: length - 1 - index,
      });
      run(context);
    };
    context.scoped(scope, () => {
      for (let index = 0; index < list.length; index += 1) {
        try {
          round(index);
        } catch (error) {
          if (!independent || !(error instanceof NeedsIo)) throw error;
          const rest = Array.from(
            { length: Math.min(list.length - index - 1, MAX_COLLECTED) },
            (_, ahead) => index + 1 + ahead,
          );
          throw collectIo(
            error,
            rest.map((later) => () => round(later)),
            context,
          );
        }
      }
    });
  };
}

/** Rounds of a loop that are tried for their I/O at once. */
const MAX_COLLECTED = 500;

/** True when no statement inside can change what a later one sees. */
function isIndependent(statements: readonly Statement[]): boolean {
  return statements.every((statement) => {
    switch (statement.kind) {
      case 'set':
        return false;
      case 'if':
        return statement.branches.every((branch) => isIndependent(branch.body)) && isIndependent(statement.otherwise);
      case 'for':
        return isIndependent(statement.body) && isIndependent(statement.otherwise);
      case 'filter':
      case 'block':
        return isIndependent(statement.body);
      default:
        return true;
    }
  });
}

function compileFilterTag({ filters, body }: Extract<Statement, { kind: 'filter' }>): Run {
  const run = compileBody(body);
  const calls = filters.map(({ name, args, position }) => compileFilterCall(name, args, position));
  return (context) => {
    let value: Value = context.capture(() => run(context));
    for (const call of calls) value = call(value, context);
    context.writeValue(value);
  };
}

function compileMacro({ parameters, body }: Macro): CompiledMacro {
  const run = compileBody(body);
  const fallbacks = parameters.map(({ fallback }) =>
    fallback === undefined ? undefined : compileExpression(fallback).value,
  );
  return {
    parameters: parameters.map((parameter) => parameter.name),
    call: (args, context) =>
      context.work.nested(() => {
        context.work.step();
        const scope = new Scope(undefined, true);
        return context.capture(() => {
          context.scoped(scope, () => {
            parameters.forEach((parameter, index) => {
              const given = args[index];
              const value = given === undefined ? (fallbacks[index]?.(context) ?? null) : given;
              scope.vars.set(parameter.name, value);
            });
            run(context);
          });
        });
      }),
  };
}
