import { Context, makeWork, type RenderEnv } from './context.ts';
import type { ArgValues } from './definitions.ts';
import { ExpressionError, Failure, toExpressionError } from './errors.ts';
import { filters, functions } from './registry.ts';
import { templateOf } from './template.ts';
import { isEmptyValue } from './tests.ts';
import { unknownFilter } from './unknown-names.ts';
import type { Value } from './values.ts';
import type { Work } from './work.ts';

/** One call of a filter or function from another template language. */
export interface HelperCall {
  readonly name: string;
  /** For a filter the input comes first, as it stands before the bar in an expression. */
  readonly positional: readonly Value[];
  readonly named: Readonly<Record<string, Value>>;
  /** The template with the call, its name for people, and the place of the call in it, both from 1. */
  readonly source: string;
  readonly sourceName: string;
  readonly line: number;
  readonly column: number;
}

/** Filters and functions for one rendering of a template in another language, within the bounds of one rendering. */
export interface Helpers {
  /** The result; raises ExpressionError with the place of the call, also for a name that nobody knows. */
  call(call: HelperCall): Value;
}

/** Functions that see variables, blocks or the outside: there is nothing of that where helpers are used. */
function isPure(name: string): boolean {
  const definition = functions.get(name);
  return (
    definition !== undefined &&
    definition.io !== true &&
    definition.dynamic !== true &&
    definition.reads === undefined &&
    name !== 'block'
  );
}

/** Whether the name is that of a filter; where a function has it too, the filter is meant. */
export const isFilterName = (name: string): boolean => name === 'default' || filters.has(name);

/** Names of all filters and of the functions that need nothing but their arguments. */
export function helperNames(): readonly string[] {
  return [...new Set(['default', ...filters.keys(), ...[...functions.keys()].filter(isPure)])];
}

/** Makes the filters and functions of the expression language callable by name. */
export function createHelpers(env: RenderEnv): Helpers {
  const work = makeWork(env);
  return {
    call: (call) => {
      try {
        return result(call, env, work);
      } catch (error) {
        if (error instanceof Failure) throw placed(error, call);
        throw error;
      }
    },
  };
}

function result({ name, positional, named }: HelperCall, env: RenderEnv, work: Work): Value {
  const context = new Context(templateOf('', work), {}, env, 'json', work, undefined);
  work.step();
  if (!isFilterName(name)) {
    const definition = isPure(name) ? functions.get(name) : undefined;
    if (definition === undefined) throw unknownFilter(name, 0);
    return definition.call(bound(name, definition.params, positional, named), context);
  }
  const [input = null, ...rest] = positional;
  if (name === 'default') {
    const [otherwise = null] = bound(name, ['default'], rest, named);
    return isEmptyValue(input) ? otherwise : input;
  }
  const definition = filters.get(name);
  if (definition === undefined) throw unknownFilter(name, 0);
  const args = bound(name, definition.params, rest, named);
  return input === null && definition.takesNull !== true ? null : definition.apply(input, args, context);
}

/** Brings arguments to their places, by the rules of expressions.md §3.1. */
function bound(
  name: string,
  params: readonly string[] | null,
  positional: readonly Value[],
  named: Readonly<Record<string, Value>>,
): ArgValues {
  if (params === null) return positional;
  if (positional.length > params.length) {
    throw new Failure(`\`${name}\` takes at most ${params.length} arguments, not ${positional.length}`);
  }
  const places: (Value | undefined)[] = params.map((_, index) => positional[index]);
  for (const [param, value] of Object.entries(named)) {
    const index = params.indexOf(param);
    if (index === -1) {
      const unknown = { name: param, known: () => params };
      throw new Failure(`\`${name}\` has no argument \`${param}\``, 'evaluation', undefined, unknown);
    }
    places[index] = value;
  }
  return places;
}

/** The error with the place of the call; the template is named, since one that makes a page is too long to be shown. */
function placed(failure: Failure, { source, sourceName, line, column }: HelperCall): ExpressionError {
  const lines = source.split('\n').slice(0, line - 1);
  const offset = lines.reduce((sum, text) => sum + text.length + 1, 0) + column - 1;
  const { kind, excerpt, suggestion } = toExpressionError(
    new Failure('', failure.kind, offset, failure.unknown),
    source,
    0,
  );
  const details = { kind, template: source, line, column, excerpt, suggestion };
  return new ExpressionError(`${failure.message} (${sourceName}:${line})`, details);
}
