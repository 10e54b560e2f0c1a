import { enabled, taskList, type Flowable } from './flowable.ts';
import { nextInSequence } from './sequence.ts';

/** `Sequential`: its tasks in order. */
export const sequential: Flowable = {
  type: 'io.kestra.plugin.core.flow.Sequential',
  lists: (task) => taskList(task, 'tasks'),
  start: () => ({}),
  children: (task) => enabled(taskList(task, 'tasks')),
  next: nextInSequence,
  total: (task) => enabled(taskList(task, 'tasks')).length,
};
