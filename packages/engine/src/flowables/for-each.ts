import { toJson, toPlainText } from '@tiercel/expressions';
import { currentState, isTerminal, type Json, type JsonObject, type Task } from '@tiercel/model';
import type { Frame } from '../frame.ts';
import { shownValue } from '../values/index.ts';
import { enabled, taskList, type Flowable, type NextRun, type Renderer } from './flowable.ts';

/**
 * `ForEach` (execution-semantics.md §6.4, with D1 and D2 put right): for each value its tasks one after the other, up to
 * `concurrencyLimit` values at a time (0: all). The values are worked out once and kept in the plan.
 */
export const forEach: Flowable = {
  type: 'io.kestra.plugin.core.flow.ForEach',
  lists: (task) => taskList(task, 'tasks'),
  start: (task, render) => ({ plan: { values: loopValues(task['values'], render) } }),
  children: (task) => enabled(taskList(task, 'tasks')),
  total: (task, plan) => valuesOf(plan).length * enabled(taskList(task, 'tasks')).length,
  next(frame, limit) {
    const values = valuesOf(frame.plan);
    const width = concurrency(frame.task) || values.length;
    const next: NextRun[] = [];
    const { loop } = frame;
    while (next.length < limit) {
      // A group that has begun goes on before a new one begins.
      const ended = loop.waiting.shift();
      if (ended !== undefined) {
        const task = frame.tasks[ended.position + 1];
        if (task === undefined) loop.live--;
        else next.push({ task, item: ended.item, value: values[ended.item]! });
        continue;
      }
      if (loop.live >= width || loop.begun >= values.length) break;
      const item = loop.begun++;
      loop.live++;
      next.push({ task: frame.tasks[0]!, item, value: values[item]! });
    }
    return next;
  },
  recall(frame) {
    const { loop } = frame;
    const last = new Map<number, { position: number; ended: boolean }>();
    for (const run of frame.mainRuns()) {
      const position = frame.tasks.findIndex((task) => task.id === run.taskId);
      last.set(run.item ?? 0, { position, ended: isTerminal(currentState(run.history)) });
    }
    for (const [item, group] of last) {
      loop.begun = Math.max(loop.begun, item + 1);
      if (group.ended && group.position === frame.tasks.length - 1) continue;
      loop.live++;
      if (group.ended) loop.waiting.push({ item, position: group.position });
    }
  },
};

/** What is kept of a loop while it runs; rebuilt from rows by `recall`. */
export interface LoopState {
  /** Values whose first task has been created. */
  begun: number;
  /** Of these, how many still have a task to run. */
  live: number;
  /** Groups whose current task has ended, with that task's place in the list. */
  readonly waiting: { readonly item: number; readonly position: number }[];
}

export const newLoop = (): LoopState => ({ begun: 0, live: 0, waiting: [] });

/** Tells the loop that a child has ended. */
export function loopChildEnded(frame: Frame, taskId: string, item: number): void {
  frame.loop.waiting.push({ item, position: frame.tasks.findIndex((task) => task.id === taskId) });
}

const valuesOf = (plan: JsonObject | undefined): readonly string[] => (plan?.['values'] ?? []) as readonly string[];

const concurrency = (task: Task): number => {
  const limit = task['concurrencyLimit'];
  return typeof limit === 'number' ? limit : 1;
};

/** §6.1: text is rendered to a JSON array; items of a list are rendered one by one; duplicates go, nulls are an error. */
function loopValues(definition: unknown, render: Renderer): readonly string[] {
  const items = typeof definition === 'string' ? parseList(render, definition) : listItems(definition, render);
  const nulls = items.filter((item) => item === null || item === undefined).length;
  if (nulls > 0) throw new Error(`Found '${nulls}' null values on Each, with values=${toPlainText(items)}`);
  return [...new Set(items.map((item) => (typeof item === 'string' ? item : toJson(item))))];
}

function parseList(render: Renderer, template: string): readonly unknown[] {
  // An expression that is a list already is taken as it is; printing and parsing it would only cost time.
  const value = render.value(template);
  if (Array.isArray(value)) return value as readonly unknown[];
  const text = typeof value === 'string' ? value : toJson(value);
  let parsed: Json;
  try {
    parsed = JSON.parse(text) as Json;
  } catch (error) {
    throw new Error(`'values' must be a list or render to a JSON array, but it rendered to: ${shownValue(text)}`, {
      cause: error,
    });
  }
  if (!Array.isArray(parsed))
    throw new Error(`'values' must render to a JSON array, but it rendered to: ${shownValue(text)}`);
  return parsed;
}

function listItems(definition: unknown, render: Renderer): readonly unknown[] {
  if (!Array.isArray(definition)) throw new Error(`'values' must be a list or a text that renders to a JSON array`);
  return definition.map((item: unknown) => {
    if (typeof item === 'string') return render.text(item);
    if (typeof item === 'number' || typeof item === 'boolean' || item === null) return item;
    if (typeof item === 'object' && !Array.isArray(item)) return render.structure(item);
    throw new Error(`Unknown value element type: ${Array.isArray(item) ? 'list' : typeof item}`);
  });
}
