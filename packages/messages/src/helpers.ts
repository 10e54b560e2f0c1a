import type Handlebars from 'handlebars';
import { helperNames, isFilterName, toJson, toPlainValue, type Helpers } from '@tiercel/expressions';
import type { JsonObject } from '@tiercel/model';

/** What Handlebars hands to a helper last. */
interface HelperOptions {
  readonly name: string;
  readonly hash: Readonly<Record<string, unknown>>;
  readonly data?: { readonly expressions?: Helpers };
  /** Where the call stands: lines from 1, columns from 0. */
  readonly loc?: { readonly start: { readonly line: number; readonly column: number } };
}

/** A template and what messages about it call it. */
export interface TemplateSource {
  readonly text: string;
  readonly name: string;
}

type Member = Readonly<Record<string, unknown>> | null | undefined;
const hasMember = (of: Member, name: string): boolean =>
  typeof of === 'object' && of !== null && Object.hasOwn(of, name);

/** What an expression computed, as data that Handlebars can go through; a list or map prints as JSON, as `{{ }}` prints it there. */
function shown(value: unknown): unknown {
  const plain = toPlainValue(value);
  if (typeof plain === 'bigint') return String(plain);
  if (typeof plain !== 'object' || plain === null) return plain;
  return Object.defineProperty(plain, 'toString', { value: () => toJson(value) });
}

function call(name: string, given: readonly unknown[], options: HelperOptions, source: TemplateSource): unknown {
  const { expressions } = options.data ?? {};
  if (expressions === undefined) throw new Error(`the helper ${name} is called outside of a message`);
  const { line, column } = options.loc?.start ?? { line: 1, column: 0 };
  const value = expressions.call({
    name,
    // What is absent in a template is null in an expression.
    positional: given.map((item) => item ?? null),
    named: Object.fromEntries(Object.entries(options.hash).map(([key, item]) => [key, item ?? null])),
    source: source.text,
    sourceName: source.name,
    line,
    column: column + 1,
  });
  return shown(value);
}

/**
 * Makes every filter of the expression language, and every function that needs nothing but its arguments, a helper:
 * `{{date startDate format="HH:mm"}}` is `{{ startDate | date(format="HH:mm") }}`. They are those of the registry themselves, with its
 * limits and errors. What helpers answer is escaped by Handlebars as any other value.
 */
export function registerHelpers(handlebars: typeof Handlebars, source: TemplateSource): void {
  for (const name of helperNames()) {
    handlebars.registerHelper(name, function helper(this: Member, ...given: unknown[]) {
      const options = given.pop() as HelperOptions;
      const isBare = given.length === 0 && Object.keys(options.hash).length === 0;
      // `{{date}}` and `{{id}}` alone are the members of that name, not the filter and the function.
      if (isBare && (isFilterName(name) || hasMember(this, name)))
        return hasMember(this, name) ? this![name] : undefined;
      return call(name, given, options, source);
    });
  }
  // `{{name}}` is a member that is not there; `{{name value}}` can only be a helper that nobody knows.
  handlebars.registerHelper('helperMissing', (...given: unknown[]) => {
    const options = given.pop() as HelperOptions;
    return given.length === 0 ? undefined : call(options.name, given, options, source);
  });
  handlebars.registerHelper('eq', (a: unknown, b: unknown) => a === b);
  handlebars.registerHelper('pretty', (value: JsonObject) => JSON.stringify(value, null, 2));
}
