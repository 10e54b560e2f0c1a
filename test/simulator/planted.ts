import type { ExecutionStore } from '@tiercel/store';
import type { Patch, Role } from './cluster.ts';

/** A bug put in on purpose, to see that the simulator finds it. */
export interface PlantedBug {
  readonly room: 'executor' | 'worker' | 'scheduler' | 'store' | 'engine';
  readonly what: string;
  readonly patch: Patch;
}

/** Gives the parts of one role a store that lies to them, or that they use wrongly. */
const lie = (role: Role, change: (store: ExecutionStore) => Partial<ExecutionStore>): Patch => ({
  store: (whose, store) => (whose === role ? { ...store, ...change(store) } : store),
});

export const PLANTED: Readonly<Record<string, PlantedBug>> = {
  executor: {
    room: 'executor',
    what: 'an executor does not say that something is owed to an execution',
    patch: lie('executor', (store) => ({
      commit: (steps) => store.commit(steps.map((step) => ({ ...step, owes: false }))),
    })),
  },
  worker: {
    room: 'worker',
    what: 'a worker reports a result once, and forgets it when that fails',
    patch: lie('worker', (store) => ({
      report: async (reports) => {
        await store.report(reports).catch(() => undefined);
      },
    })),
  },
  scheduler: {
    room: 'scheduler',
    what: 'a scheduler takes leases for expired that are not',
    patch: lie('scheduler', (store) => ({ expireLeases: () => store.expireLeasesOf('worker') })),
  },
  store: {
    room: 'store',
    what: 'the store commits a step whatever version it was based on',
    patch: {
      everybodysStore: (store) => ({
        ...store,
        commit: (steps) =>
          store.commit(
            steps.map((step) => ({
              ...step,
              version: store.inspect.execution(step.execution.id)?.version ?? step.version,
            })),
          ),
      }),
    },
  },
  engine: {
    room: 'engine',
    what: 'a loop forgets what it had begun when its execution is read back from rows',
    patch: {
      graph: (graph) => ({
        ...graph,
        node: (taskId) => {
          const node = graph.node(taskId);
          if (node?.flowable?.recall === undefined) return node;
          const { recall: _, ...flowable } = node.flowable;
          return { ...node, flowable };
        },
      }),
    },
  },
};
