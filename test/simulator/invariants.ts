import { currentState, isTerminal, type State, type TaskRun } from '@tiercel/model';
import type { ExecutionRecord, Inspection } from '@tiercel/store/simulated';
import type { Bodies, Body } from './bodies.ts';
import type { Request } from './doors.ts';
import { MAX_SKEW_MS } from './faults.ts';
import type { Monitor } from './monitor.ts';

/** What is looked at when a run is over. */
export interface Evidence {
  readonly monitor: Monitor;
  readonly inspect: Inspection;
  readonly requests: readonly Request[];
  readonly bodies: Bodies;
  /** Whether everything came to rest in time. */
  readonly atRest: boolean;
}

/** A worker that did not renew for so long may have lost its lease without having died, ms. */
const LEASE_MS = 9_000;
/** A task whose execution was killed has been stopped after this: one renewal, and some delay on the way, ms. */
const STOPPED_WITHIN_MS = 5_000;

/** The rows of the delivery contract's table and the guarantees (design.md §3), one check each. */
export function checkInvariants(evidence: Evidence): void {
  for (const check of [checkAtRest, checkCreates, checkEnds, checkOperations, checkRuns, checkBodies, checkLogs])
    check(evidence);
}

const recordsOf = ({ requests, inspect }: Evidence): readonly { request: Request; record: ExecutionRecord }[] =>
  requests.flatMap((request) => {
    const record = request.executionId === undefined ? undefined : inspect.execution(request.executionId);
    return record === undefined ? [] : [{ request, record }];
  });

const stateOf = (record: ExecutionRecord): State => currentState(record.execution.history);
const entries = (record: ExecutionRecord, state: State): number =>
  record.execution.history.filter((entry) => entry.state === state).length;

/** Every accepted execution ends; inbox, leases and wake-ups are empty then. */
function checkAtRest({ monitor, inspect, requests, atRest }: Evidence): void {
  if (!atRest) {
    for (const record of inspect.executions())
      if (!isTerminal(stateOf(record))) monitor.violation(`${record.execution.id} never ended: ${stateOf(record)}`);
    for (const row of inspect.inbox())
      monitor.violation(`the inbox still holds ${JSON.stringify(row.event).slice(0, 120)}`);
    for (const lease of inspect.leases())
      monitor.violation(`${lease.workerId} still holds a lease of ${lease.executionId}`);
    for (const wakeUp of inspect.wakeUps()) monitor.violation(`a wake-up of ${wakeUp.executionId} never fired`);
    if (monitor.violations.length === 0) monitor.violation('it did not come to rest');
  }
  for (const request of requests)
    if (request.executionId === undefined) monitor.violation(`a request for ${request.shape.name} was never answered`);
}

/** What was accepted is there, once, however often it was asked for. */
function checkCreates({ monitor, inspect, requests }: Evidence): void {
  for (const { answers } of requests) {
    if (answers.size > 1) monitor.violation(`repeats of one request were answered with ${[...answers].join(' and ')}`);
    for (const id of answers)
      if (inspect.execution(id) === undefined) monitor.violation(`${id} was accepted and is not there`);
  }
  const there = [...inspect.executions()].length;
  if (there !== requests.length) monitor.violation(`${requests.length} requests made ${there} executions`);
}

/** Ends are right, schedule dates are kept, wake-ups fire once, killed executions are KILLED. */
function checkEnds(evidence: Evidence): void {
  const { monitor } = evidence;
  for (const { request, record } of recordsOf(evidence)) {
    const { id, history } = record.execution;
    monitor.checkHistories(record, (run) => request.shape.graph.node(run.taskId)?.flowable !== undefined);
    const begun = history.find((entry) => entry.state === 'RUNNING')?.date;
    const forced = request.operations.some(({ operation }) => operation.kind === 'force-run');
    if (
      request.scheduleDate !== undefined &&
      begun !== undefined &&
      !forced &&
      begun < request.scheduleDate - MAX_SKEW_MS
    ) {
      monitor.violation(`${id} began ${request.scheduleDate - begun} ms before its time`);
    }
    if (
      request.undisturbed &&
      (stateOf(record) !== request.shape.end || record.taskRuns.length !== request.shape.runs)
    ) {
      monitor.violation(
        `${id} (${request.shape.name}) ended ${stateOf(record)} with ${record.taskRuns.length} task runs: ${describe(record)}`,
      );
    }
    for (const run of record.taskRuns) {
      if (isTerminal(stateOf(record)) && !isTerminal(currentState(run.history)))
        monitor.violation(`${id} has ended and its task ${run.taskId} has not: ${describe(record)}`);
    }
    if (request.undisturbed) checkAttempts(monitor, request, record);
    checkKilled(evidence, record);
  }
}

/** Attempts are counted once each: a task that fails so many times has one more, neither lost nor repeated ones count. */
function checkAttempts(monitor: Monitor, { shape }: Request, { execution, taskRuns }: ExecutionRecord): void {
  for (const run of taskRuns) {
    const task = shape.graph.node(run.taskId)?.task;
    const failTimes = task?.['failTimes'] as number | undefined;
    if (failTimes === undefined || failTimes > 10 || currentState(run.history) !== 'SUCCESS') continue;
    if (run.attempts.length !== failTimes + 1)
      monitor.violation(
        `task ${run.taskId} of ${execution.id} has ${run.attempts.length} attempts for ${failTimes} failures`,
      );
  }
}

/** After a kill the execution ends KILLED, unless everything had come to its end by itself; nothing of it runs much longer. */
function checkKilled({ monitor, bodies }: Evidence, record: ExecutionRecord): void {
  const { id, history } = record.execution;
  const at = history.findLastIndex((entry) => entry.state === 'KILLING');
  if (at < 0) return;
  const end = history[at + 1];
  if (end === undefined || end.state !== 'KILLED') {
    // Completion won: then everything at the root had come to its end by itself. What was killed stands deeper, in what had ended before.
    const killed = record.taskRuns.some((run) => run.parent === undefined && currentState(run.history) === 'KILLED');
    if (killed && at + 1 === history.length - 1) monitor.violation(`${id} was killed and ended ${end?.state}`);
    return;
  }
  const restarted = history[at + 2]?.date ?? Infinity;
  for (const body of bodies.all) {
    if (body.job.executionId !== id || body.started > restarted || !body.worker.alive) continue;
    const over = body.ended ?? Infinity;
    if (over > end.date + STOPPED_WITHIN_MS && over < restarted && !wasCutOff(monitor, body, over)) {
      monitor.violation(`task ${body.job.task.id} of ${id} ran ${over - end.date} ms longer than its killed execution`);
    }
  }
}

/** Operations are applied or refused, once. */
function checkOperations(evidence: Evidence): void {
  const { monitor, inspect } = evidence;
  const byId = new Map([...inspect.operations()].map((operation) => [operation.id, operation]));
  for (const { request, record } of recordsOf(evidence)) {
    const applied = { pause: 0, restart: 0 };
    for (const { id, operation, accepted } of request.operations) {
      const row = byId.get(id);
      if (row === undefined) {
        if (accepted)
          monitor.violation(`operation ${operation.kind} of ${record.execution.id} was accepted and is not there`);
        continue;
      }
      if (row.outcome === 'pending')
        monitor.violation(`operation ${operation.kind} of ${record.execution.id} was never decided`);
      if (row.outcome === 'applied' && (operation.kind === 'pause' || operation.kind === 'restart'))
        applied[operation.kind]++;
    }
    if (entries(record, 'PAUSED') !== applied.pause)
      monitor.violation(
        `${record.execution.id} was paused ${entries(record, 'PAUSED')} times for ${applied.pause} operations`,
      );
    if (entries(record, 'RESTARTED') !== applied.restart || record.execution.attemptNumber !== 1 + applied.restart) {
      monitor.violation(
        `${record.execution.id} was restarted ${entries(record, 'RESTARTED')} times for ${applied.restart} operations`,
      );
    }
  }
}

/** Each task has one run at each place; a run's result is that of the body that its dispatch number names. */
function checkRuns(evidence: Evidence): void {
  const { monitor, bodies } = evidence;
  const bodiesOf = new Map<string, Body[]>();
  for (const body of bodies.all) {
    const key = `${body.job.executionId} ${body.job.taskRunSeq} ${body.job.dispatch}`;
    const list = bodiesOf.get(key);
    if (list === undefined) bodiesOf.set(key, [body]);
    else list.push(body);
  }
  for (const { record } of recordsOf(evidence)) {
    const places = new Set<string>();
    for (const run of record.taskRuns) {
      const place = `${run.parent} ${run.branch} ${run.taskId} ${run.value}`;
      if (places.has(place))
        monitor.violation(`task ${run.taskId} of ${record.execution.id} has two runs at one place`);
      places.add(place);
      const number = run.outputs?.['body'];
      const state = currentState(run.history);
      if (number === undefined || !isTerminal(state) || state === 'KILLED') continue;
      const own = bodiesOf.get(`${record.execution.id} ${run.seq} ${run.dispatch}`) ?? [];
      if (!own.some((body) => body.number === number))
        monitor.violation(`the result of ${run.taskId} of ${record.execution.id} is that of another dispatch`);
    }
  }
}

/** How often it was rightly started again: restarts and retries. */
const restartsOf = (run: TaskRun | undefined): number =>
  (run?.history ?? []).filter(({ state }) => state === 'RESTARTED' || state === 'RETRYING').length;

/** A body runs again only when its worker died, stopped or was cut off while it ran: at most once more for each such loss. */
function checkBodies(evidence: Evidence): void {
  const { monitor, bodies, inspect } = evidence;
  const byRun = new Map<string, Body[]>();
  for (const body of bodies.all) {
    const key = `${body.job.executionId} ${body.job.taskRunSeq} ${Math.floor(body.job.dispatch / 100_000)}`;
    const list = byRun.get(key);
    if (list === undefined) byRun.set(key, [body]);
    else list.push(body);
  }
  for (const list of byRun.values()) {
    if (list.length === 1) continue;
    const { job } = list[0]!;
    const run = inspect.execution(job.executionId)?.taskRuns.find((one) => one.seq === job.taskRunSeq);
    let excused = restartsOf(run);
    for (let i = 0; i + 1 < list.length; i++) {
      const body = list[i]!;
      const again = list[i + 1]!.started;
      checkOverlap(monitor, body, again);
      if (wasLost(monitor, body, again)) continue;
      if (excused-- > 0) continue;
      monitor.violation(
        `task ${job.task.id} of ${job.executionId} ran again at ${again} (${list[i + 1]!.worker.id}, dispatch ${list[i + 1]!.job.dispatch}) though ${body.worker.id} had not lost it (dispatch ${body.job.dispatch}, ${body.started} to ${body.ended ?? '-'})`,
      );
    }
  }
}

/** A worker that lives and can reach the store hears at its next renewal that a task is no longer its own, and stops it. */
function checkOverlap(monitor: Monitor, body: Body, again: number): void {
  if (body.worker.diedAt !== undefined) return;
  const over = body.ended ?? Infinity;
  if (over > again + STOPPED_WITHIN_MS && !hadNoContact(monitor, body, again, over)) {
    monitor.violation(
      `task ${body.job.task.id} of ${body.job.executionId} went on for ${over - again} ms on ${body.worker.id} after it had begun elsewhere`,
    );
  }
}

/** Between two moments the worker did not hear from the store for as long as it takes to renew, and a little. */
const hadNoContact = (monitor: Monitor, body: Body, from: number, to: number): boolean => {
  const heard = (monitor.contacts.get(body.worker) ?? []).filter((at) => at > from && at < to - 500);
  return heard.length === 0;
};

/** The worker died or stopped, was cut off, or the database forgot the lease, after the body began and before it ran again. */
const wasLost = (monitor: Monitor, body: Body, again: number): boolean =>
  (body.worker.diedAt !== undefined && body.worker.diedAt <= again) ||
  (body.worker.stopping && body.stopped === 'lost') ||
  monitor.storeCrashes.some((at) => at >= body.started - 1_000 && at <= again) ||
  wasCutOff(monitor, body, again);

/** For a whole lease the worker renewed nothing, and not because it did not try. */
function wasCutOff(monitor: Monitor, body: Body, until: number): boolean {
  const failures = monitor.failures.get(body.worker) ?? [];
  let last = body.started;
  for (const at of [...(monitor.contacts.get(body.worker) ?? []), until]) {
    if (at < last) continue;
    const upTo = Math.min(at, until);
    const since = last;
    if (upTo - since > LEASE_MS - MAX_SKEW_MS - 600 && failures.some((when) => when >= since && when <= upTo))
      return true;
    if (at >= until) return false;
    last = at;
  }
  return false;
}

/** The log of a task whose result counts is complete and has each line once. */
function checkLogs({ monitor, bodies, inspect }: Evidence): void {
  const lines = new Map<string, Set<string>>();
  for (const log of inspect.logs()) {
    const body = log.message.split(':', 1)[0]!;
    if (!/^\d+:\d+$/.test(log.message)) continue;
    let seen = lines.get(body);
    if (seen === undefined) lines.set(body, (seen = new Set()));
    if (seen.has(log.message)) monitor.violation(`log line ${log.message} stands twice`);
    seen.add(log.message);
  }
  const dispatches = new Map<string, number>();
  for (const { job } of bodies.all) {
    const key = `${job.executionId} ${job.taskRunSeq} ${job.dispatch}`;
    dispatches.set(key, (dispatches.get(key) ?? 0) + 1);
  }
  for (const body of bodies.all) {
    const { job } = body;
    const run = inspect.execution(job.executionId)?.taskRuns.find((one) => one.seq === job.taskRunSeq);
    if (
      run?.outputs?.['body'] !== body.number ||
      dispatches.get(`${job.executionId} ${job.taskRunSeq} ${job.dispatch}`) !== 1
    )
      continue;
    const stored = lines.get(String(body.number))?.size ?? 0;
    if (stored !== body.lines)
      monitor.violation(`task ${job.task.id} of ${job.executionId} logged ${body.lines} lines, ${stored} are stored`);
  }
}

/** The task runs of an execution on one line. */
export const describe = (record: ExecutionRecord): string =>
  record.taskRuns
    .map(
      (run) =>
        `${run.taskId}${run.value === undefined ? '' : `[${run.value}]`}=${currentState(run.history)}#${run.dispatch}`,
    )
    .join(' ');
