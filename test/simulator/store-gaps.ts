import { currentState, isTerminal } from '@tiercel/model';
import type { ExecutionStore, JobKey } from '@tiercel/store';
import type { SimulatedStore } from '@tiercel/store/simulated';

/**
 * What the delivery contract asks of `claim` and neither store does yet: a job whose result (or expiry) already waits in the inbox
 * is not to be run again. Without it a repeated job that arrives between a result and its application runs the task twice. Goes
 * when the stores refuse such claims themselves.
 */
export function withoutGaps(store: SimulatedStore): ExecutionStore {
  const isDecided = (job: JobKey): boolean => {
    const run = store.inspect.execution(job.executionId)?.taskRuns.find((one) => one.seq === job.taskRunSeq);
    if (run === undefined || run.dispatch !== job.dispatch || isTerminal(currentState(run.history))) return true;
    for (const { executionId, event } of store.inspect.inbox()) {
      if (executionId !== job.executionId || (event.kind !== 'task-result' && event.kind !== 'lease-expired')) continue;
      if (event.taskRunSeq === job.taskRunSeq && event.dispatch === job.dispatch) return true;
    }
    return false;
  };
  return {
    ...store,
    claim: async (workerId, jobs, leaseMs) => {
      const open = jobs.filter((job) => !isDecided(job));
      const granted = open.length === 0 ? [] : await store.claim(workerId, open, leaseMs);
      const got = new Set(open.filter((job, i) => granted[i] === true && !isDecided(job)));
      return jobs.map((job) => got.delete(job));
    },
  };
}
