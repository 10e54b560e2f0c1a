import type { Flow, Task } from '@tiercel/model';
import type { TaskTypes } from '../task-types.ts';

/** Types of the test tasks: one for each lane. The flowables go by their real names. */
export const INLINE_TYPE = 'test.Inline';
export const WORKER_TYPE = 'test.Worker';
const FLOWABLE = 'io.kestra.plugin.core.flow.';

/** Task types as the engine asks for them: everything that is not `test.Inline` runs on a worker. */
export const TEST_TYPES: TaskTypes = {
  canonical: (type) => type,
  lane: (type) => (type === INLINE_TYPE ? 'inline' : 'worker'),
};

type Properties = Readonly<Record<string, unknown>>;

export const inline = (id: string, properties: Properties = {}): Task => ({ id, type: INLINE_TYPE, ...properties });
export const worker = (id: string, properties: Properties = {}): Task => ({ id, type: WORKER_TYPE, ...properties });

export const sequential = (id: string, tasks: readonly Task[], properties: Properties = {}): Task => ({
  id,
  type: `${FLOWABLE}Sequential`,
  tasks,
  ...properties,
});

export const ifTask = (id: string, condition: unknown, then: readonly Task[], properties: Properties = {}): Task => ({
  id,
  type: `${FLOWABLE}If`,
  condition,
  // oxlint-disable-next-line unicorn/no-thenable -- the flow language calls it so
  then,
  ...properties,
});

export const forEach = (id: string, values: unknown, tasks: readonly Task[], properties: Properties = {}): Task => ({
  id,
  type: `${FLOWABLE}ForEach`,
  values,
  tasks,
  ...properties,
});

/** A flow of these tasks. */
export const flowOf = (tasks: readonly Task[], properties: Partial<Flow> = {}): Flow => ({
  tenant: 'main',
  namespace: 'test',
  id: 'flow',
  revision: 1,
  labels: [],
  inputs: [],
  tasks,
  errors: [],
  outputs: [],
  triggers: [],
  disabled: false,
  ...properties,
});
