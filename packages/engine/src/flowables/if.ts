import { isTruthyText } from '@tiercel/expressions';
import type { JsonObject, Task } from '@tiercel/model';
import { enabled, taskList, type Flowable } from './flowable.ts';
import { nextInSequence } from './sequence.ts';

const branch = (task: Task, plan: JsonObject | undefined): readonly Task[] =>
  enabled(taskList(task, plan?.['taken'] === 'then' ? 'then' : 'else'));

/** `If`: the condition is rendered once, and the branch taken is kept, whatever the condition would say later. */
export const ifTask: Flowable = {
  type: 'io.kestra.plugin.core.flow.If',
  lists: (task) => [...taskList(task, 'then'), ...taskList(task, 'else')],
  start(task, render) {
    const condition = task['condition'];
    const holds = isTruthyText(typeof condition === 'string' ? render.text(condition) : String(condition));
    return { plan: { taken: holds ? 'then' : 'else' }, outputs: { evaluationResult: holds } };
  },
  children: branch,
  next: nextInSequence,
  total: (task, plan) => branch(task, plan).length,
};
