import { errorText } from '@tiercel/expressions';
import { ExecutionState, look, maskSecrets } from '@tiercel/engine';
import { taskJobId, taskQueue, type ExecutionHint, type InboxCopy } from '@tiercel/contracts';
import { currentState, isTerminal, partitionOf, withState, type Execution, type TaskRun } from '@tiercel/model';
import { StoreError, type LoadedExecution, type LogRow, type StepWrite } from '@tiercel/store';
import type { ExecutorDeps, ExecutorLimits } from './deps.ts';
import { jobOf, owedJobs, workOutStep, type WorkedStep } from './step.ts';

const NEVER_LEASED = (): boolean => false;

/**
 * The desk at which one execution is worked on: one step at a time, hints that come meanwhile wait. It keeps the state in
 * memory between steps, as long as it is the newest.
 */
export class Desk {
  readonly executionId: string;
  private readonly deps: ExecutorDeps;
  private readonly limits: ExecutorLimits;
  private readonly load: (executionId: string) => Promise<LoadedExecution | undefined>;
  private hints: ExecutionHint[] = [];
  private state: ExecutionState | undefined;
  private working: Promise<void> | undefined;
  stopped = false;
  /** The weight that the executor's sum holds for it. */
  counted = 0;

  constructor(
    executionId: string,
    deps: ExecutorDeps,
    limits: ExecutorLimits,
    load: (executionId: string) => Promise<LoadedExecution | undefined>,
  ) {
    this.executionId = executionId;
    this.deps = deps;
    this.limits = limits;
    this.load = load;
  }

  /** Task runs held in memory. */
  get weight(): number {
    return this.state === undefined ? 0 : 1 + this.state.size;
  }

  get idle(): boolean {
    return this.working === undefined;
  }

  /** True when nothing is to be kept of it: it ended, or it was never found. */
  get done(): boolean {
    return this.idle && (this.state === undefined || this.state.ended);
  }

  /** Takes a hint and works until nothing is left to do; joins the work that is under way. */
  take(hint: ExecutionHint): Promise<void> {
    this.hints.push(hint);
    this.working ??= this.work();
    return this.working;
  }

  /** Waits for the step in hand. */
  async settle(): Promise<void> {
    await this.working;
  }

  private async work(): Promise<void> {
    // Not before `working` is set. It is unset in the same turn in which the last hint was found done: none slips in between.
    await Promise.resolve();
    try {
      for (let more = false; (this.hints.length > 0 || more) && !this.stopped;) {
        const hints = this.hints.splice(0);
        try {
          more = await this.step(hints);
        } catch (error) {
          const { state } = this;
          this.state = undefined;
          more = false;
          if (!(await this.afterFailure(error, hints, state))) return;
        }
      }
    } finally {
      this.working = undefined;
    }
  }

  /** One step, to its commit. Answers whether there is more to do at once. */
  private async step(hints: readonly ExecutionHint[]): Promise<boolean> {
    const sight = await this.see(hints);
    if (sight === undefined) return false;
    const { state, news, leased } = sight;
    const worked = await workOutStep(this.deps, this.limits, state, news, leased);
    if (!worked.empty && !(await this.commit(state, worked))) {
      // Somebody else was faster, or an event had been applied before: the rows know.
      this.state = undefined;
      this.hints.push(
        this.lookAgain(
          hints,
          hints.some((hint) => hint.resend === true),
        ),
      );
      return false;
    }
    this.tell(state, worked);
    if (hints.some((hint) => hint.resend === true)) this.send(owedJobs(this.deps, state, leased));
    return worked.more;
  }

  /** The newest state and the news for it: from memory and from the copies in the hints where that is enough, else from rows. */
  private async see(hints: readonly ExecutionHint[]): Promise<Sight | undefined> {
    const copies = hints.flatMap((hint) => hint.events ?? []);
    const mustRead = hints.some(
      (hint) => hint.resend === true || (hint.created === undefined && hint.events === undefined),
    );
    const kills = copies.some((copy) => copy.event.kind === 'operation');
    if (this.state === undefined && !mustRead && !kills) {
      const created = hints.find((hint) => hint.created !== undefined)?.created;
      if (created !== undefined) await this.open(created, 0, { taskRuns: [] });
    }
    if (this.state !== undefined && !mustRead && !kills) {
      return { state: this.state, news: unique(copies), leased: NEVER_LEASED };
    }
    const loaded = await this.load(this.executionId);
    if (loaded === undefined) {
      this.state = undefined;
      return undefined;
    }
    const leases = new Set(loaded.leases.map((lease) => `${lease.taskRunSeq} ${lease.dispatch}`));
    const leased = (seq: number, dispatch: number): boolean => leases.has(`${seq} ${dispatch}`);
    if (this.state?.version !== loaded.version) await this.open(loaded.execution, loaded.version, loaded);
    return this.state === undefined ? undefined : { state: this.state, news: loaded.inbox, leased };
  }

  private async open(
    execution: Execution,
    version: number,
    loaded: Pick<LoadedExecution, 'taskRuns'> & Partial<LoadedExecution>,
  ): Promise<void> {
    const found = this.deps.graph(execution);
    const graph = found instanceof Promise ? await found : found;
    if (graph === undefined) {
      this.state = undefined;
      const reason = `Revision ${execution.flowRevision} of flow ${execution.namespace}.${execution.flowId} does not exist or is no longer valid`;
      await this.giveUp(reason, {
        execution,
        version,
        taskRuns: loaded.taskRuns,
        inbox: loaded.inbox ?? [],
        leases: [],
      });
      return;
    }
    this.state = new ExecutionState(graph, execution, version, loaded.taskRuns);
    look(this.state);
  }

  private async commit(state: ExecutionState, worked: WorkedStep): Promise<boolean> {
    const [outcome] = await this.deps.store.commit([worked.write]);
    if (outcome !== 'committed') return false;
    state.version = worked.write.version + 1;
    return true;
  }

  /** After the commit: jobs to workers, news to whoever listens. All of it may be lost. */
  private tell(state: ExecutionState, worked: WorkedStep): void {
    const { bus } = this.deps;
    if (worked.kill) bus.publish('kill', { executionId: this.executionId });
    this.send(
      worked.dispatched
        .map((seq) => state.find(seq))
        .flatMap((run) => (run?.sent === true ? [jobOf(this.deps, state, run)] : [])),
    );
    for (const operation of worked.write.operations) bus.publish('operation', { operationId: operation.id });
    if (worked.write.logs.length > 0) bus.publish('logs', { executionId: this.executionId });
    if (!worked.empty)
      bus.publish('execution', { executionId: this.executionId, version: state.version, ended: state.ended });
  }

  private send(jobs: readonly ReturnType<typeof jobOf>[]): void {
    for (const job of jobs) this.deps.queue.add(taskQueue(job.workerGroup), [{ id: taskJobId(job), message: job }]);
  }

  /** Answers whether to go on at this desk. */
  private async afterFailure(
    error: unknown,
    hints: readonly ExecutionHint[],
    state: ExecutionState | undefined,
  ): Promise<boolean> {
    const fields = { executionId: this.executionId, error };
    if (error instanceof StoreError && error.code === 'unavailable') {
      this.deps.log.warn(fields, 'the store is away; the step is done again');
      await new Promise<void>((resolve) => this.deps.clock.after(this.limits.retryMs, resolve));
      // The commit may have been done all the same: then its jobs have not been sent.
      this.hints.push(this.lookAgain(hints, true));
      return true;
    }
    const reason = errorText(error);
    const shown = state === undefined ? reason : maskSecrets(state, this.deps.server, reason);
    const logged = shown === reason ? error : new Error(shown);
    this.deps.log.error({ ...fields, error: logged }, 'a step failed; the execution is given up');
    try {
      const loaded = await this.load(this.executionId);
      if (loaded !== undefined) await this.giveUp(shown, loaded);
    } catch (second) {
      // The reconciler will look at it again.
      this.deps.log.error({ executionId: this.executionId, error: second }, 'an execution could not even be failed');
      return false;
    }
    return true;
  }

  /** A hint in place of others whose copies are of no use any more. */
  private lookAgain(hints: readonly ExecutionHint[], resend: boolean): ExecutionHint {
    const { tenant, partition } = hints[0] ?? {
      tenant: this.state?.execution.tenant ?? '',
      partition: partitionOf(this.executionId),
    };
    return {
      v: 1,
      kind: 'look',
      tenant,
      partition,
      executionId: this.executionId,
      passedOn: true,
      ...(resend && { resend }),
    };
  }

  /** Ends an execution that cannot go on, without the payload that was in the way: FAILED, what runs of it is killed. */
  private async giveUp(reason: string, loaded: LoadedExecution): Promise<void> {
    const now = this.deps.clock.now();
    const { execution } = loaded;
    const ended = isTerminal(currentState(execution.history));
    // What comes for an execution that has ended is taken away, and operations are refused: nobody else could read it.
    if (ended && loaded.inbox.length === 0) return;
    const { history } = execution;
    const write: StepWrite = {
      execution: ended ? execution : { ...execution, history: withState(history, 'FAILED', now) },
      version: loaded.version,
      applied: loaded.inbox.map((row) => row.id),
      taskRuns: ended ? [] : loaded.taskRuns.flatMap((run) => failedRun(run, now)),
      removedTaskRuns: [],
      logs: ended ? [] : [givenUpLog(loaded, reason, now)],
      metrics: [],
      wakeUps: [],
      killLeases: true,
      owes: false,
      operations: loaded.inbox.flatMap(({ event }) =>
        event.kind === 'operation' ? [{ id: event.operationId, outcome: 'refused' as const, reason }] : [],
      ),
    };
    const [outcome] = await this.deps.store.commit([write]);
    if (outcome !== 'committed') return;
    this.deps.bus.publish('kill', { executionId: execution.id });
    for (const { id } of write.operations) this.deps.bus.publish('operation', { operationId: id });
    this.deps.bus.publish('execution', { executionId: execution.id, version: loaded.version + 1, ended: true });
  }
}

interface Sight {
  readonly state: ExecutionState;
  readonly news: readonly InboxCopy[];
  readonly leased: (taskRunSeq: number, dispatch: number) => boolean;
}

const unique = (copies: readonly InboxCopy[]): readonly InboxCopy[] =>
  copies.length < 2 ? copies : [...new Map(copies.map((copy) => [copy.id, copy])).values()];

/** A run that had not ended, FAILED; its raised number makes its job void. */
const failedRun = (run: TaskRun, now: number): readonly TaskRun[] =>
  isTerminal(currentState(run.history))
    ? []
    : [{ ...run, sent: false, dispatch: run.dispatch + 1, history: withState(run.history, 'FAILED', now) }];

const givenUpLog = ({ execution, version }: LoadedExecution, reason: string, now: number): LogRow => ({
  tenant: execution.tenant,
  namespace: execution.namespace,
  flowId: execution.flowId,
  executionId: execution.id,
  taskRunSeq: -1,
  dispatch: -1 - version,
  number: 0,
  level: 'ERROR',
  timestamp: now,
  message: `The execution could not go on: ${reason}`,
});
