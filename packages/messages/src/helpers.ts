import type Handlebars from 'handlebars';
import { ExpressionError, helperNames, isFilterName, toJson, toPlainValue, type Helpers } from '@tiercel/expressions';

/** What Handlebars hands to a helper last. */
interface HelperOptions {
  readonly name: string;
  readonly hash: Readonly<Record<string, unknown>>;
  /** The text between the tags, where the helper is used as a block. */
  readonly fn?: unknown;
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

interface Call {
  readonly name: string;
  readonly given: readonly unknown[];
  readonly options: HelperOptions;
  readonly source: TemplateSource;
  readonly expressions: Helpers | undefined;
}

/** What a helper answers. */
function answer({ name, given, options, source, expressions }: Call): unknown {
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

/** Handlebars escapes nothing that a block answers, so that values of users would become HTML. */
function refuseBlock(name: string, options: HelperOptions, source: TemplateSource): void {
  if (options.fn === undefined) return;
  const { line, column } = options.loc?.start ?? { line: 1, column: 0 };
  const message = `\`${name}\` makes a value and can not be used as a block: write {{${name} …}}, not {{#${name} …}} (${source.name}:${line})`;
  const excerpt = `${source.text.split('\n')[line - 1] ?? ''}\n${' '.repeat(column)}^`;
  const details = { kind: 'syntax', template: source.text, line, column: column + 1, excerpt } as const;
  throw new ExpressionError(message, details);
}

/** Renders with these filters and functions. */
export type RenderWith = (expressions: Helpers, render: () => string) => string;

/**
 * Makes every filter of the expression language, and every function that needs nothing but its arguments, a helper:
 * `{{date startDate format="HH:mm"}}` is `{{ startDate | date(format="HH:mm") }}`. They are those of the registry themselves, with its
 * limits and errors. What helpers answer is escaped by Handlebars as any other value; as blocks they are refused.
 */
export function registerHelpers(handlebars: typeof Handlebars, source: TemplateSource): RenderWith {
  // Not among the data of Handlebars, which templates can look into.
  let expressions: Helpers | undefined;
  for (const name of helperNames()) {
    handlebars.registerHelper(name, function helper(this: Member, ...given: unknown[]) {
      const options = given.pop() as HelperOptions;
      refuseBlock(name, options, source);
      const isBare = given.length === 0 && Object.keys(options.hash).length === 0;
      // `{{date}}` and `{{id}}` alone are the members of that name, not the filter and the function.
      if (isBare && (isFilterName(name) || hasMember(this, name)))
        return hasMember(this, name) ? this![name] : undefined;
      return answer({ name, given, options, source, expressions });
    });
  }
  // `{{name}}` is a member that is not there; `{{name value}}` can only be a helper that nobody knows.
  handlebars.registerHelper('helperMissing', (...given: unknown[]) => {
    const options = given.pop() as HelperOptions;
    const { name } = options;
    return given.length === 0 ? undefined : answer({ name, given, options, source, expressions });
  });
  registerValueHelpers(handlebars, source);
  return (helpers, render) => {
    const before = expressions;
    expressions = helpers;
    try {
      return render();
    } finally {
      expressions = before;
    }
  };
}

/** The helpers that are not of the expression language, `lookup` of Handlebars itself among them. */
function registerValueHelpers(handlebars: typeof Handlebars, source: TemplateSource): void {
  const lookup = handlebars.helpers['lookup'] as (...given: unknown[]) => unknown;
  const values: Readonly<Record<string, (...given: unknown[]) => unknown>> = {
    eq: (a, b) => a === b,
    pretty: (value) => JSON.stringify(value, null, 2),
    lookup,
  };
  for (const [name, helper] of Object.entries(values)) {
    handlebars.registerHelper(name, function valueHelper(this: unknown, ...given: unknown[]) {
      refuseBlock(name, given.at(-1) as HelperOptions, source);
      return helper.apply(this, given);
    });
  }
}
