import type Handlebars from 'handlebars';
import { renderTyped, toPlainText, type RenderEnv } from '@tiercel/expressions';
import type { JsonObject } from '@tiercel/model';

/**
 * Filters of the expression language that templates may use as helpers: `{{date execution.state.startDate "HH:mm"}}` is
 * `{{ execution.state.startDate | date("HH:mm") }}`. Named arguments are given as they are there.
 */
const FILTERS = [
  'abbreviate',
  'abs',
  'capitalize',
  'date',
  'dateAdd',
  'distinct',
  'escapeChar',
  'first',
  'flatten',
  'indent',
  'join',
  'json',
  'keys',
  'last',
  'length',
  'lower',
  'number',
  'numberFormat',
  'replace',
  'reverse',
  'slice',
  'slugify',
  'sort',
  'split',
  'string',
  'substringAfter',
  'substringAfterLast',
  'substringBefore',
  'substringBeforeLast',
  'title',
  'trim',
  'upper',
  'urlencode',
  'values',
] as const;

interface HelperOptions {
  readonly hash: Readonly<Record<string, unknown>>;
}

/** Handlebars hands over each value as its own variable, so no text of a user becomes a part of an expression. */
function applyFilter(name: string, args: readonly unknown[], { hash }: HelperOptions, env: RenderEnv): unknown {
  const variables: Record<string, unknown> = {};
  args.forEach((value, i) => {
    variables[`a${i}`] = value ?? null;
  });
  const positional = args.slice(1).map((_, i) => `a${i + 1}`);
  const named = Object.entries(hash).map(([key, value]) => {
    if (!/^[A-Za-z_]\w*$/.test(key)) throw new Error(`'${key}' is no name of an argument of ${name}`);
    variables[`h_${key}`] = value ?? null;
    return `${key}=h_${key}`;
  });
  const list = [...positional, ...named];
  const call = list.length === 0 ? name : `${name}(${list.join(', ')})`;
  return renderTyped(`{{ a0 | ${call} }}`, variables, env);
}

/** Registers the filters and a few comparisons. What helpers answer is escaped by Handlebars as any other value. */
export function registerHelpers(handlebars: typeof Handlebars, env: RenderEnv): void {
  for (const name of FILTERS) {
    handlebars.registerHelper(name, function helper(this: unknown, ...given: unknown[]) {
      const options = given.pop() as HelperOptions;
      // `{{date}}` alone is the member of that name, not the filter.
      if (given.length === 0) return (this as Readonly<Record<string, unknown>> | undefined)?.[name];
      const value = applyFilter(name, given, options, env);
      return typeof value === 'object' && value !== null ? toPlainText(value) : value;
    });
  }
  handlebars.registerHelper('default', (value: unknown, otherwise: unknown) => value ?? otherwise);
  handlebars.registerHelper('eq', (a: unknown, b: unknown) => a === b);
  handlebars.registerHelper('pretty', (value: JsonObject) => JSON.stringify(value, null, 2));
}
