import type { Value } from '../values.ts';
import type { Env } from './env.ts';
import type { Pattern } from './nodes.ts';
import type { Machine } from './run.ts';
import { indexValue, jqFail, typeOf } from './values.ts';

/** The environments in which a pattern holds: one for each combination of computed keys. */
export function* bindPattern(
  machine: Machine,
  pattern: Pattern,
  value: Value,
  env: Env | undefined,
  input: Value,
): Generator<Env | undefined> {
  switch (pattern.kind) {
    case 'variable':
      yield { kind: 'variable', name: pattern.name, value, parent: env };
      return;
    case 'array':
      if (value !== null && !Array.isArray(value)) jqFail(`Cannot index ${typeOf(value)} with number`);
      yield* bindItems(machine, pattern.items, 0, (value ?? []) as Value[], env, input);
      return;
    case 'object':
      yield* bindEntries(machine, pattern.entries, 0, value, env, input);
  }
}

function* bindItems(
  machine: Machine,
  items: readonly Pattern[],
  index: number,
  list: readonly Value[],
  env: Env | undefined,
  input: Value,
): Generator<Env | undefined> {
  const item = items[index];
  if (item === undefined) {
    yield env;
    return;
  }
  for (const bound of bindPattern(machine, item, list[index] ?? null, env, input)) {
    yield* bindItems(machine, items, index + 1, list, bound, input);
  }
}

function* bindEntries(
  machine: Machine,
  entries: Extract<Pattern, { kind: 'object' }>['entries'],
  index: number,
  value: Value,
  env: Env | undefined,
  input: Value,
): Generator<Env | undefined> {
  const entry = entries[index];
  if (entry === undefined) {
    yield env;
    return;
  }
  const [keyNode, pattern, variable] = entry;
  for (const key of machine.values(keyNode, env, input)) {
    const item = indexValue(value, key, machine.work);
    const named: Env | undefined =
      variable === undefined ? env : { kind: 'variable', name: variable, value: item, parent: env };
    if (pattern === undefined) {
      yield* bindEntries(machine, entries, index + 1, value, named, input);
    } else {
      for (const bound of bindPattern(machine, pattern, item, named, input)) {
        yield* bindEntries(machine, entries, index + 1, value, bound, input);
      }
    }
  }
}
