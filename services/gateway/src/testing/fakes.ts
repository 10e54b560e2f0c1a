import {
  createdAt,
  currentState,
  newId,
  taskRunIdOf,
  withState,
  type Execution,
  type State,
  type TaskRun,
} from '@tiercel/model';
import type { Bus } from '@tiercel/queue';
import type {
  ExecutionFilter,
  ExecutionQueries,
  ExecutionView,
  FlowStore,
  KvEntry,
  KvStore,
  LogFilter,
  OperationRequest,
  Page,
  StoredFlow,
  StoredLog,
} from '@tiercel/store';

/** A moment for tests, ms since 1970. */
export const NOON = Date.UTC(2026, 0, 2, 12);

/** An execution that fits; what matters to the test is given. */
export const anExecution = (given: Partial<Execution> = {}): Execution => {
  const id = given.id ?? newId(NOON);
  return {
    id,
    tenant: 'main',
    namespace: 'company.team',
    flowId: 'hello',
    flowRevision: 1,
    history: createdAt(NOON),
    labels: [{ key: 'system.correlationId', value: id }],
    originalId: id,
    attemptNumber: 1,
    originalCreatedDate: NOON,
    ...given,
  };
};

export const aTaskRun = (executionId: string, seq: number, given: Partial<TaskRun> = {}): TaskRun => ({
  branch: 'main',
  history: createdAt(NOON),
  attempts: [],
  dispatch: 0,
  sent: false,
  ...given,
  seq,
  id: taskRunIdOf(executionId, seq),
  taskId: given.taskId ?? `task${seq}`,
});

const pageOf = <T>(all: readonly T[], { page, size }: Page): { results: readonly T[]; total: number } => ({
  results: all.slice((page - 1) * size, page * size),
  total: all.length,
});

interface Row {
  execution: Execution;
  version: number;
  taskRuns: TaskRun[];
}

export interface FakeExecutions extends ExecutionQueries {
  /** Puts an execution in place without telling anybody. */
  put(execution: Execution, taskRuns?: readonly TaskRun[]): void;
  /** Moves an execution; `quiet`: the live event is lost. */
  move(id: string, state: State, options?: { readonly quiet?: boolean }): void;
  addLogs(lines: readonly Omit<StoredLog, 'cursor'>[], options?: { readonly quiet?: boolean }): void;
  /** Operations as they were requested. */
  readonly operations: OperationRequest[];
  request(operations: readonly OperationRequest[]): Promise<readonly boolean[]>;
  /** Decides an operation and tells by the bus. */
  decide(operationId: string, outcome: 'applied' | 'refused', reason?: string): void;
  /** Called for each operation that is requested. */
  onRequest?: (operation: OperationRequest) => void;
  /** Filters of searches as they came. */
  readonly searches: ExecutionFilter[];
  readonly deletedLogs: LogFilter[];
  readonly calls: { get: number; states: number };
  /** What reads throw, while it is set. */
  failure?: Error | undefined;
}

/** The reads of executions over maps. */
export function fakeExecutions(bus: Bus): FakeExecutions {
  const rows = new Map<string, Row>();
  const logs: StoredLog[] = [];
  const outcomes = new Map<string, { outcome: 'applied' | 'refused'; reason?: string }>();

  const viewOf = (row: Row, limit: number): ExecutionView => ({
    execution: row.execution,
    version: row.version,
    taskRuns: row.taskRuns.slice(0, limit),
    taskRunCount: row.taskRuns.length,
    ...(row.taskRuns.length <= limit
      ? {}
      : {
          taskRunCounts: row.taskRuns.reduce<Partial<Record<State, number>>>((counts, taskRun) => {
            const state = currentState(taskRun.history);
            return { ...counts, [state]: (counts[state] ?? 0) + 1 };
          }, {}),
        }),
  });
  const fake: FakeExecutions = {
    operations: [],
    searches: [],
    deletedLogs: [],
    calls: { get: 0, states: 0 },
    put: (execution, taskRuns = []) => void rows.set(execution.id, { execution, version: 0, taskRuns: [...taskRuns] }),
    move(id, state, { quiet = false } = {}) {
      const row = rows.get(id)!;
      const history = withState(row.execution.history, state, NOON + 1000 * (row.version + 1));
      rows.set(id, { ...row, version: row.version + 1, execution: { ...row.execution, history } });
      const ended = ['SUCCESS', 'FAILED', 'KILLED', 'WARNING'].includes(state);
      if (!quiet) bus.publish('execution', { executionId: id, version: row.version + 1, ended });
    },
    addLogs(lines, { quiet = false } = {}) {
      for (const line of lines) logs.push({ ...line, cursor: String(logs.length).padStart(9, '0') });
      if (!quiet)
        for (const executionId of new Set(lines.map((line) => line.executionId))) bus.publish('logs', { executionId });
    },
    async request(operations) {
      return operations.map((operation) => {
        if (!rows.has(operation.executionId)) return false;
        fake.operations.push(operation);
        fake.onRequest?.(operation);
        return true;
      });
    },
    decide(operationId, outcome, reason) {
      outcomes.set(operationId, reason === undefined ? { outcome } : { outcome, reason });
      bus.publish('operation', { operationId });
    },
    async get(_tenant, id, limit) {
      fake.calls.get += 1;
      if (fake.failure !== undefined) throw fake.failure;
      const row = rows.get(id);
      return row === undefined ? undefined : viewOf(row, limit);
    },
    async states(ids) {
      fake.calls.states += 1;
      if (fake.failure !== undefined) throw fake.failure;
      return ids.flatMap((id) => {
        const row = rows.get(id);
        return row === undefined ? [] : [{ id, state: currentState(row.execution.history), version: row.version }];
      });
    },
    async taskRuns(_tenant, id, page, states) {
      const all = rows.get(id)?.taskRuns ?? [];
      return pageOf(
        states === undefined ? all : all.filter((taskRun) => states.includes(currentState(taskRun.history))),
        page,
      );
    },
    taskRun: async (_tenant, id, taskRunId) => rows.get(id)?.taskRuns.find((taskRun) => taskRun.id === taskRunId),
    async search(filter, page, _sort, limit) {
      fake.searches.push(filter);
      const found = [...rows.values()].filter(
        (row) => filter.ids === undefined || filter.ids.includes(row.execution.id),
      );
      return pageOf(
        found.map((row) => viewOf(row, limit)),
        page,
      );
    },
    findIds: async (_filter, limit) => [...rows.keys()].slice(0, limit),
    delete: async (_tenant, id) => rows.delete(id),
    async executionLogs(filter, limit, cursor = '') {
      return logs
        .filter((line) => line.executionId === filter.executionId && line.cursor > cursor)
        .filter((line) => filter.taskId === undefined || line.taskId === filter.taskId)
        .slice(0, limit);
    },
    searchLogs: async (_filter, page) => pageOf(logs, page),
    async deleteLogs(filter) {
      fake.deletedLogs.push(filter);
      return 0;
    },
    metrics: async (_filter, page) => pageOf([], page),
    operation: async (id) => outcomes.get(id) ?? { outcome: 'pending' },
  };
  return fake;
}

/** Keys and values over maps. `clock` in ms since 1970. */
export function fakeKv(clock: () => number): KvStore {
  const namespaces = new Map<string, Map<string, KvEntry>>();
  const of = (namespace: string): Map<string, KvEntry> => {
    const entries = namespaces.get(namespace) ?? new Map<string, KvEntry>();
    namespaces.set(namespace, entries);
    return entries;
  };
  const expired = (entry: KvEntry): boolean => entry.expiresAt !== undefined && entry.expiresAt <= clock();
  return {
    async get(_tenant, namespace, key) {
      const entry = of(namespace).get(key);
      if (entry === undefined || !expired(entry)) return entry;
      of(namespace).delete(key);
      return 'expired';
    },
    async put(_tenant, namespace, { key, type, value, ttl }) {
      const now = clock();
      const createdAtMs = of(namespace).get(key)?.createdAt ?? now;
      of(namespace).set(key, {
        key,
        type,
        value,
        createdAt: createdAtMs,
        updatedAt: now,
        ...(ttl === undefined ? {} : { expiresAt: now + ttl }),
      });
      return 'written';
    },
    delete: async (_tenant, namespace, key) => of(namespace).delete(key),
    deleteAll: async (_tenant, namespace, keys) => keys.filter((key) => of(namespace).delete(key)),
    list: async (_tenant, namespace) => [...of(namespace).values()].filter((entry) => !expired(entry)),
    namespaceExists: async (_tenant, namespace) => namespaces.has(namespace),
  };
}

/** Flows that stand there; only reads work. */
export function fakeFlows(flows: readonly StoredFlow[] = []): FlowStore {
  const refused = (): never => {
    throw new Error('these flows are only read');
  };
  return {
    create: refused,
    update: refused,
    delete: refused,
    writeAll: refused,
    searchSources: refused,
    get: async (_tenant, namespace, id, options) =>
      flows.find((f) => f.namespace === namespace && f.id === id && f.revision === (options?.revision ?? f.revision)),
    revisions: async () => flows,
    search: async (_filter, page) => pageOf(flows, page),
    list: async (_tenant, namespace) => flows.filter((f) => namespace === undefined || f.namespace === namespace),
    namespaces: async () => [...new Set(flows.map((f) => f.namespace))],
    changedSince: async () => [],
  };
}

export const aFlow = (given: Partial<StoredFlow> = {}): StoredFlow => ({
  tenant: 'main',
  namespace: 'company.team',
  id: 'hello',
  revision: 1,
  source: 'id: hello\n',
  disabled: false,
  deleted: false,
  labels: [],
  updatedAt: NOON,
  sequence: 1,
  ...given,
});
