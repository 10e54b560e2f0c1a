import {
  Context,
  type IoResult,
  makeWork,
  type OutputMode,
  type RenderEnv,
  type Scope,
  type Variables,
} from './context.ts';
import { Failure, failLimit, type IoCall, NeedsIo, toExpressionError } from './errors.ts';
import { joinIo } from './io.ts';
import { replaceRawBlocks, restoreRawBlocks } from './raw.ts';
import { templateOf } from './template.ts';
import {
  BigInteger,
  forEntries,
  isList,
  isMap,
  listItems,
  LazyMap,
  makeMap,
  mapEntries,
  MISSING,
  type Value,
} from './values.ts';
import { MAX_NESTING, type Work } from './work.ts';

const MAX_ROUNDS = 100;

/** One evaluation of one text. Failures become ExpressionErrors that know the text. */
function evaluate<T>(
  source: string,
  root: Variables,
  env: RenderEnv,
  work: Work,
  scope: Scope | undefined,
  mode: OutputMode,
  finish: (context: Context) => T,
): T {
  let context: Context | undefined;
  try {
    const template = templateOf(source, work);
    context = new Context(template, root, env, mode, work, scope);
    const { single } = template;
    if (single === undefined) template.run(context);
    else context.writeValue(single.value(context));
    return finish(context);
  } catch (error) {
    if (error instanceof Failure) throw toExpressionError(error, source, context?.position ?? 0);
    // The bounds on nesting leave room on the stack; a caller that is deep itself can still use it up.
    if (error instanceof RangeError) {
      throw toExpressionError(new Failure('The expression is too complex', 'limit'), source, context?.position ?? 0);
    }
    throw error;
  }
}

function isPlain(text: string): boolean {
  const at = text.indexOf('{');
  return at === -1 || (!text.includes('{{', at) && !text.includes('{%', at) && !text.includes('{#', at));
}

/** Steps 2 to 5 of expressions.md §1.1: the tags of raw blocks are still there. */
function renderKeepingRaw(
  source: string,
  root: Variables,
  env: RenderEnv,
  work: Work,
  scope: Scope | undefined,
  recursive: boolean,
): string {
  let text = source;
  for (let round = 0; round <= MAX_ROUNDS; round += 1) {
    if (isPlain(text)) return text;
    const rendered = evaluate(text, root, env, work, scope, 'json', (context) =>
      restoreRawBlocks(context.out, context.template.raws),
    );
    if (!recursive || rendered === text) return rendered;
    text = rendered;
  }
  throw toExpressionError(new Failure('Too many rendering attempts', 'limit'), source, 0);
}

function dropRawTags(text: string): string {
  return replaceRawBlocks(text, (_block, content) => content);
}

function renderWith(template: string, root: Variables, env: RenderEnv, work: Work): string {
  return dropRawTags(renderKeepingRaw(template, root, env, work, undefined, env.recursive === true));
}

/**
 * Renders one text (expressions.md §1.1). Raises ExpressionError; NeedsIo when results of I/O are missing in `env.memo`.
 */
export function renderText(template: string, vars: Variables, env: RenderEnv): string {
  if (typeof template !== 'string' || isPlain(template)) return template;
  return renderWith(template, vars, env, makeWork(env));
}

/**
 * Renders one expression to its value (expressions.md §1.3): one `{{ }}` gives the value itself, literal text gives text,
 * a text value may have literal text after it; everything else raises ExpressionError. Whole numbers in the result are
 * JS numbers where they fit.
 */
export function renderTyped(template: string, vars: Variables, env: RenderEnv): Value {
  if (typeof template !== 'string' || isPlain(template)) return template;
  const work = makeWork(env);
  const value = evaluate(template, vars, env, work, undefined, 'typed', (context) => {
    const { typed } = context;
    if (typed === MISSING) return null;
    return typeof typed === 'string' ? restoreRawBlocks(typed, context.template.raws) : outward(typed, work, 0);
  });
  if (typeof value !== 'string') return value;
  return env.recursive === true ? renderWith(value, vars, env, work) : dropRawTags(value);
}

/** The value as a host expects it: whole numbers as JS numbers where they are exact. Copies only what it has to. */
function outward(value: Value, work: Work, depth: number): Value {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof BigInteger) return outward(value.value, work, depth);
  if (depth > MAX_NESTING) failLimit('The value is nested too deeply');
  work.step();
  if (isList(value)) {
    const items = listItems(value);
    const converted = items.map((item) => outward(item, work, depth + 1));
    return converted.some((item, index) => item !== items[index]) ? converted : items;
  }
  if (!isMap(value) || value instanceof LazyMap) return value;
  let isChanged = false;
  const entries: [string, Value][] = [];
  forEntries(value, (key, item) => {
    const converted = outward(item, work, depth + 1);
    if (converted !== item) isChanged = true;
    entries.push([key, converted]);
  });
  return isChanged ? makeMap(entries) : value;
}

/** Walks a structure. I/O that one text needs does not stop the others, so that one round asks for all of it. */
class StructureRenderer {
  private readonly render: (text: string) => string;
  private readonly work: Work;
  private needed: NeedsIo | undefined;

  constructor(work: Work, render: (text: string) => string) {
    this.work = work;
    this.render = render;
  }

  run(value: Value): Value {
    const result = this.value(value, 0);
    if (this.needed !== undefined) throw this.needed;
    return result;
  }

  private text(text: string): string {
    try {
      return this.render(text);
    } catch (error) {
      if (!(error instanceof NeedsIo)) throw error;
      this.needed = this.needed === undefined ? error : joinIo(this.needed, error.calls);
      return text;
    }
  }

  private value(value: Value, depth: number): Value {
    if (typeof value === 'string') return this.text(value);
    this.work.step();
    if (depth > MAX_NESTING) failLimit('The structure is nested too deeply');
    if (value instanceof Set) return new Set([...(value as Set<Value>)].map((item) => this.value(item, depth + 1)));
    if (isList(value)) return listItems(value).map((item) => this.value(item, depth + 1));
    if (!isMap(value)) return value;
    const entries = new Map<string, Value>();
    for (const [key, item] of mapEntries(value)) {
      const name = this.text(key);
      if (!entries.has(name)) entries.set(name, this.value(item, depth + 1));
    }
    if (value instanceof Map) return entries;
    // A map that is computed on demand may have an order that no object keeps.
    return value instanceof LazyMap ? makeMap(entries) : Object.fromEntries(entries);
  }
}

/**
 * Renders every text of a structure and keeps its shape (expressions.md §1.2): keys too, a rendered key that exists
 * already is skipped. Raises like `renderText`; NeedsIo names the calls of all texts.
 */
export function renderStructure(value: Value, vars: Variables, env: RenderEnv): Value {
  const work = makeWork(env);
  try {
    return new StructureRenderer(work, (text) => (isPlain(text) ? text : renderWith(text, vars, env, work))).run(value);
  } catch (error) {
    // Only the walk itself raises a Failure here; the texts have turned theirs into errors already.
    throw error instanceof Failure ? toExpressionError(error, '', 0) : error;
  }
}

/** `render()` inside a template: the same variables, also those that the template made itself (expressions.md §12.1). */
export function renderValueIn(context: Context, value: Value, recursive: boolean): Value {
  const { root, env, work, scope } = context;
  return work.nested(() =>
    new StructureRenderer(work, (text) => dropRawTags(renderKeepingRaw(text, root, env, work, scope, recursive))).run(
      value,
    ),
  );
}

/**
 * Runs a synchronous rendering; whenever it needs I/O, performs the calls and renders again with their results.
 * Raises what the rendering or `perform` raises, and an Error when the calls do not come to an end.
 */
export async function renderAsync<T>(
  render: (env: RenderEnv) => T,
  env: RenderEnv,
  perform: (calls: readonly IoCall[]) => Promise<ReadonlyMap<string, IoResult>>,
  maxRounds = 50,
): Promise<T> {
  const results = new Map<string, IoResult>();
  const memo = { get: (key: string) => results.get(key) ?? env.memo?.get(key) };
  for (let round = 0; round <= maxRounds; round += 1) {
    try {
      return render({ ...env, memo });
    } catch (error) {
      if (!(error instanceof NeedsIo)) throw error;
      const performed = await perform(error.calls);
      for (const call of error.calls) {
        results.set(call.key, performed.get(call.key) ?? { error: `\`${call.fn}\` gave no result` });
      }
    }
  }
  throw new Error(`The expression asked for input or output more than ${maxRounds} times`);
}
