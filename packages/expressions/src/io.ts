import type { Context } from './context.ts';
import { ExpressionError, fail, Failure, type IoCall, NeedsIo } from './errors.ts';
import { quoted, toJson } from './print.ts';
import type { Value } from './values.ts';

/** Identifies a call: its name and its arguments as JSON, without those that were not given. */
export function ioKey(fn: string, args: Readonly<Record<string, Value>>): string {
  const parts = Object.keys(args)
    .toSorted()
    .map((name) => `${quoted(name)}:${toJson(args[name])}`);
  return `${fn}({${parts.join(',')}})`;
}

/** The result of a call that the host performs. Raises NeedsIo when it is not there yet. */
export function performed(fn: string, args: Readonly<Record<string, Value>>, context: Context): Value {
  const { memo } = context.env;
  if (memo === undefined) return fail(`\`${fn}\` can not be used here`);
  const key = ioKey(fn, args);
  const result = memo.get(key);
  if (result === undefined) throw new NeedsIo([{ key, fn, args }]);
  if ('error' in result) return fail(result.error);
  return result.value === undefined ? null : result.value;
}

/** One NeedsIo for several, each call once. */
export function joinIo(first: NeedsIo, more: readonly IoCall[]): NeedsIo {
  const byKey = new Map<string, IoCall>();
  for (const call of [...first.calls, ...more]) byKey.set(call.key, call);
  return new NeedsIo([...byKey.values()]);
}

/**
 * Tries the given steps for the I/O that they need. Whatever else they do is thrown away, errors too: the whole
 * template is rendered again when the results are there, and fails then if it must.
 */
export function collectIo(first: NeedsIo, steps: readonly ((context: Context) => void)[], context: Context): NeedsIo {
  const more: IoCall[] = [];
  for (const step of steps) {
    try {
      step(context);
    } catch (error) {
      if (error instanceof NeedsIo) more.push(...error.calls);
      else if (!(error instanceof Failure) && !(error instanceof ExpressionError)) throw error;
    }
  }
  return joinIo(first, more);
}
