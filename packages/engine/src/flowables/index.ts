import type { Flowable } from './flowable.ts';
import { forEach } from './for-each.ts';
import { ifTask } from './if.ts';
import { sequential } from './sequential.ts';

export type { Flowable, NextRun, Renderer } from './flowable.ts';

/** The flowables that the engine interprets. Parallel, Switch, Dag, Pause … are one more line here, and a file beside. */
const FLOWABLES: ReadonlyMap<string, Flowable> = new Map([sequential, ifTask, forEach].map((f) => [f.type, f]));

/** The flowable of a canonical type; undefined for a task that runs in a lane. */
export const flowableOf = (type: string): Flowable | undefined => FLOWABLES.get(type);
