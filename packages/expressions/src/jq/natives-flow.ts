import { Failure } from '../errors.ts';
import type { Value } from '../values.ts';
import type { Native, NativeCall } from './natives.ts';
import { deletePaths, getPath, type Path, updatePath } from './paths.ts';
import type { Item } from './env.ts';
import { isTrue, JqError, jqFail, numeric, shown, typeOf } from './values.ts';

function arg({ machine, env, args }: NativeCall, index: number, input: Item): Generator<Item> {
  const node = args[index];
  if (node === undefined) throw new Failure('A jq function lacks an argument');
  return machine.run(node, env, input);
}

function* argValues(call: NativeCall, index: number): Generator {
  for (const { value } of arg(call, index, { value: call.input.value, path: undefined })) yield value;
}

function* range(call: NativeCall, from: number, to: number, by: number): Generator<Item> {
  if (by === 0) jqFail('Range step must not be zero');
  for (let value = from; by > 0 ? value < to : value > to; value += by) {
    call.machine.work.step();
    yield call.machine.fresh(numeric(value), call.input);
  }
}

/** Depth first over what `next` gives, without using the stack of the host. */
function* walkDown(call: NativeCall, next: (item: Item) => Generator<Item>): Generator<Item> {
  const stack: Iterator<Item>[] = [[call.input][Symbol.iterator]()];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    call.machine.work.step();
    const result = top.next();
    if (result.done === true) {
      stack.pop();
      continue;
    }
    yield result.value;
    stack.push(next(result.value));
  }
}

function test(call: NativeCall, index: number, item: Item): boolean {
  const first = arg(call, index, { value: item.value, path: undefined }).next();
  return first.done !== true && isTrue(first.value.value);
}

function pathOf(value: Value): Path {
  return Array.isArray(value) ? (value as Path) : jqFail('Path must be specified as an array');
}

/** `any`, `all` and the like: over the results of a generator with a condition. */
function* quantified(call: NativeCall, decisive: boolean): Generator<Item> {
  for (const item of arg(call, 0, { value: call.input.value, path: undefined })) {
    for (const { value } of arg(call, 1, item)) {
      if (isTrue(value) === decisive) {
        yield call.machine.fresh(decisive, call.input);
        return;
      }
    }
  }
  yield call.machine.fresh(!decisive, call.input);
}

function* nothing(): Generator<Item> {
  yield* [];
}

/** Functions that steer evaluation: they give results one after the other and keep paths (expressions.md §11). */
export const flowNatives: Readonly<Record<string, Native>> = {
  'empty/0': nothing,
  'error/0'({ input, machine }) {
    throw new JqError(input.value, typeof input.value === 'string' ? input.value : shown(input.value, machine.work));
  },
  'error/1'(call) {
    for (const value of argValues(call, 0)) {
      throw new JqError(value, typeof value === 'string' ? value : shown(value, call.machine.work));
    }
    return nothing();
  },
  *'not/0'(call) {
    yield call.machine.fresh(!isTrue(call.input.value), call.input);
  },
  *'range/1'(call) {
    for (const to of argValues(call, 0)) yield* range(call, 0, call.machine.number(to, 'Range bounds'), 1);
  },
  *'range/2'(call) {
    for (const from of argValues(call, 0)) {
      for (const to of argValues(call, 1)) {
        yield* range(call, call.machine.number(from, 'Range bounds'), call.machine.number(to, 'Range bounds'), 1);
      }
    }
  },
  *'range/3'(call) {
    const { machine } = call;
    for (const from of argValues(call, 0)) {
      for (const to of argValues(call, 1)) {
        for (const by of argValues(call, 2)) {
          const [a, b, c] = [from, to, by].map((value) => machine.number(value, 'Range bounds')) as [
            number,
            number,
            number,
          ];
          yield* range(call, a, b, c);
        }
      }
    }
  },
  *'recurse/0'(call) {
    yield* call.machine.run({ kind: 'recurse' }, call.env, call.input);
  },
  *'recurse/1'(call) {
    yield* walkDown(call, (item) => arg(call, 0, item));
  },
  *'recurse/2'(call) {
    yield* walkDown(call, function* next(item) {
      for (const child of arg(call, 0, item)) if (test(call, 1, child)) yield child;
    });
  },
  *'while/2'(call) {
    if (!test(call, 0, call.input)) return;
    yield* walkDown(call, function* next(item) {
      for (const child of arg(call, 1, item)) if (test(call, 0, child)) yield child;
    });
  },
  *'until/2'(call) {
    const stack: Iterator<Item>[] = [[call.input][Symbol.iterator]()];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      call.machine.work.step();
      const result = top.next();
      if (result.done === true) stack.pop();
      else if (test(call, 0, result.value)) yield result.value;
      else stack.push(arg(call, 1, result.value));
    }
  },
  *'limit/2'(call) {
    for (const count of argValues(call, 0)) {
      let left = call.machine.number(count, 'The limit');
      if (left <= 0) continue;
      for (const item of arg(call, 1, call.input)) {
        yield item;
        left -= 1;
        if (left <= 0) break;
      }
    }
  },
  *'first/1'(call) {
    for (const item of arg(call, 0, call.input)) {
      yield item;
      return;
    }
  },
  *'last/1'(call) {
    let last: Item | undefined;
    for (const item of arg(call, 0, call.input)) last = item;
    if (last !== undefined) yield last;
  },
  *'any/2'(call) {
    yield* quantified(call, true);
  },
  *'all/2'(call) {
    yield* quantified(call, false);
  },
  *'path/1'(call) {
    const { machine, env, args, input } = call;
    const [node] = args;
    if (node === undefined) return;
    for (const path of machine.paths(node, env, input.value)) yield machine.fresh(path, input);
  },
  *'getpath/1'(call) {
    const { input, machine } = call;
    for (const value of argValues(call, 0)) {
      const path = pathOf(value);
      let found: Value = null;
      try {
        found = getPath(input.value, path, machine.work);
      } catch (error) {
        // Inside of a path expression the place may still have to be made.
        if (!(error instanceof JqError) || input.path === undefined) throw error;
      }
      yield { value: found, path: input.path === undefined ? undefined : [...input.path, ...path] };
    }
  },
  *'setpath/2'(call) {
    const { input, machine } = call;
    for (const path of argValues(call, 0)) {
      for (const value of argValues(call, 1)) {
        yield machine.fresh(
          updatePath(input.value, pathOf(path), () => value, machine.work),
          input,
        );
      }
    }
  },
  *'delpaths/1'(call) {
    const { input, machine } = call;
    for (const paths of argValues(call, 0)) {
      yield machine.fresh(deletePaths(input.value, pathOf(paths).map(pathOf), machine.work), input);
    }
  },
  *'now/0'({ machine, input }) {
    yield machine.fresh(numeric(machine.now() / 1000), input);
  },
  *'type/0'({ machine, input }) {
    yield machine.fresh(typeOf(input.value), input);
  },
  *'infinite/0'({ machine, input }) {
    yield machine.fresh(Number.POSITIVE_INFINITY, input);
  },
  *'nan/0'({ machine, input }) {
    yield machine.fresh(Number.NaN, input);
  },
};
