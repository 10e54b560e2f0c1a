import type { Execution, TaskRun } from '@tiercel/model';
import type {
  CreateOutcome,
  LoadedExecution,
  LogRow,
  NewExecution,
  OperationRequest,
  StepOutcome,
  StepWrite,
} from '../ports/execution-store.ts';
import { held } from './held.ts';
import { requireId, requireInt, type Row, type Tables } from './tables.ts';

/** As the real store: a new or written execution is looked at after this. */
export const FIRST_LOOK_MS = 5_000;

/** Does it for each item; one that is bad fails alone, and then its error is thrown when all others are done. */
export function forEach<In, Out>(items: readonly In[], work: (item: In) => Out): Out[] {
  let failed: { readonly error: unknown } | undefined;
  const answers: Out[] = [];
  for (const item of items) {
    try {
      answers.push(work(item));
    } catch (error) {
      failed ??= { error };
    }
  }
  if (failed !== undefined) throw failed.error;
  return answers;
}

export const createExecutions = (tables: Tables, rows: readonly NewExecution[]): readonly CreateOutcome[] =>
  forEach(rows, (row) => createOne(tables, row));

function createOne(tables: Tables, fresh: NewExecution): CreateOutcome {
  const { execution, delivery } = fresh;
  requireId(execution.id);
  requireInt(execution.flowRevision);
  const now = tables.clock.now();
  if (delivery !== undefined) {
    const key = `${execution.tenant} ${delivery.key}`;
    const first = tables.deliveries.get(key);
    if (first !== undefined && first.expiresAt >= now) return { kind: 'exists', executionId: first.executionId };
    tables.deliveries.set(key, { executionId: execution.id, expiresAt: now + delivery.ttlMs });
  }
  tables.synced();
  if (tables.rows.has(execution.id)) return { kind: 'exists', executionId: execution.id };
  const row: Row = {
    execution: held(execution),
    version: 0,
    triggerExecutionId: fresh.triggerExecutionId,
    taskRuns: [],
    inbox: new Map(),
    leases: new Map(),
    owesAt: undefined,
    owesTries: 0,
  };
  tables.rows.set(execution.id, row);
  if (fresh.startAt === undefined) tables.setOwes(row, now + FIRST_LOOK_MS, 0);
  else {
    // A start has one wake-up; its id is the execution's own.
    const { id } = execution;
    tables.wakeUps.set(id, { id, executionId: id, dueAt: fresh.startAt, wakeUp: Object.freeze({ kind: 'start' }) });
  }
  return { kind: 'created' };
}

export function loadExecutions(tables: Tables, ids: readonly string[]): readonly LoadedExecution[] {
  const loaded: LoadedExecution[] = [];
  for (const id of new Set(ids)) {
    const row = tables.rows.get(id);
    if (row === undefined) continue;
    loaded.push({
      execution: row.execution,
      version: row.version,
      taskRuns: row.taskRuns.filter((run): run is TaskRun => run !== undefined),
      inbox: [...row.inbox.values()].map(({ id: inboxId, executionId, event }) => ({
        id: inboxId,
        executionId,
        event,
      })),
      leases: [...row.leases].map(([taskRunSeq, { dispatch }]) => ({ taskRunSeq, dispatch })),
    });
  }
  return loaded;
}

export const commitSteps = (tables: Tables, steps: readonly StepWrite[]): readonly StepOutcome[] =>
  forEach(steps, (step) => commitOne(tables, step));

function commitOne(tables: Tables, step: StepWrite): StepOutcome {
  checkStep(step);
  const row = tables.rows.get(step.execution.id);
  if (row === undefined || row.version !== step.version) return 'conflict';
  for (const id of step.applied) if (!row.inbox.has(id)) return 'conflict';
  tables.synced();

  row.version++;
  row.execution = written(row.execution, step.execution);
  for (const id of step.applied) tables.take(row, id);
  for (const seq of step.removedTaskRuns) row.taskRuns[seq] = undefined;
  for (const run of step.taskRuns) row.taskRuns[run.seq] = held(run);
  for (const log of step.logs) tables.addLog(log);
  for (const metric of step.metrics) tables.addMetric(metric);
  for (const { id, dueAt, wakeUp } of step.wakeUps) {
    if (!tables.wakeUps.has(id))
      tables.wakeUps.set(id, { id, executionId: row.execution.id, dueAt, wakeUp: held(wakeUp) });
  }
  for (const { id, outcome, reason } of step.operations) {
    const operation = tables.operations.get(id);
    if (operation?.outcome !== 'pending') continue;
    tables.operations.set(id, { ...operation, outcome, ...(reason !== undefined && { reason }) });
  }
  if (step.killLeases) for (const [seq, lease] of row.leases) row.leases.set(seq, { ...lease, kill: true });
  tables.setOwes(row, step.owes ? tables.clock.now() + FIRST_LOOK_MS : undefined, 0);
  return 'committed';
}

function checkStep(step: StepWrite): void {
  for (const run of step.taskRuns) {
    requireInt(run.seq);
    requireInt(run.dispatch);
    requireId(run.id);
  }
  for (const log of step.logs) checkPlace(log);
  for (const metric of step.metrics) checkPlace(metric);
  for (const { id } of step.wakeUps) requireId(id);
}

export const checkPlace = (place: Pick<LogRow, 'taskRunSeq' | 'dispatch' | 'number'>): void => {
  requireInt(place.taskRunSeq);
  requireInt(place.dispatch);
  requireInt(place.number);
};

/** A step writes what changes in the life of an execution; the rest stays as it was created. */
function written(before: Execution, { history, labels, attemptNumber, outputs }: Execution): Execution {
  const execution: { -readonly [K in keyof Execution]: Execution[K] } = { ...before, history, labels, attemptNumber };
  if (outputs === undefined) delete execution.outputs;
  else execution.outputs = outputs;
  return held(execution);
}

export const requestOperations = (tables: Tables, items: readonly OperationRequest[]): readonly boolean[] =>
  forEach(items, ({ id, tenant, executionId, operation }) => {
    requireId(id);
    requireId(executionId);
    const row = tables.rows.get(executionId);
    if (row === undefined || row.execution.tenant !== tenant) return false;
    if (tables.operations.has(id)) return true;
    tables.synced();
    tables.operations.set(id, { id, executionId, operation: held(operation), outcome: 'pending' });
    tables.tell(row, tables.nextId(), { kind: 'operation', operationId: id, operation });
    return true;
  });
