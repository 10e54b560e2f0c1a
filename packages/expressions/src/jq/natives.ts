import { collectionNatives } from './natives-collections.ts';
import { flowNatives } from './natives-flow.ts';
import { scalarNatives } from './natives-scalars.ts';
import type { Node } from './nodes.ts';
import { prelude } from './prelude.ts';
import type { Env, Item } from './env.ts';
import type { Machine } from './run.ts';

/** A call of a function that is not written in jq. */
export interface NativeCall {
  readonly machine: Machine;
  readonly env: Env | undefined;
  readonly args: readonly Node[];
  readonly input: Item;
}

export type Native = (call: NativeCall) => Generator<Item>;

let table: ReadonlyMap<string, Native> | undefined;

/** The names of all functions, written in jq or not. */
const builtins: Native = function* native({ machine, input }) {
  yield machine.fresh([...(table?.keys() ?? []), ...prelude().keys()], input);
};

/** Functions by name and number of parameters. Made on first use, because its parts know the machine. */
export const natives = {
  get(signature: string): Native | undefined {
    table ??= new Map(
      [flowNatives, scalarNatives, collectionNatives, { 'builtins/0': builtins }].flatMap((group) =>
        Object.entries<Native>(group),
      ),
    );
    return table.get(signature);
  },
};
