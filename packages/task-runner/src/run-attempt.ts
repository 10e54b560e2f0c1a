import type { TaskJob } from '@tiercel/contracts';
import { openVariables } from '@tiercel/expressions';
import { isLogLevel } from './levels.ts';
import { type Json, type JsonObject, Masking, type TaskResult } from '@tiercel/model';
import { type TaskDefinition, TaskFailure, type TaskOutput } from '@tiercel/plugin-kit';
import { AttemptContext } from './attempt-context.ts';
import { AttemptLog } from './attempt-log.ts';
import { describeFailure, messageOf, stackOf } from './failure.ts';
import { ownProperties } from './properties.ts';
import type { AttemptServices, AttemptSink } from './services.ts';
import { Stopper, TaskGivenUp, TaskTimeout } from './stopping.ts';

const ABORT_GRACE = 10_000;
const NO_OUTPUTS: JsonObject = Object.freeze({});

/**
 * Runs one attempt of a task, in a worker or in the executor's inline lane (execution-semantics.md §4.3, items 3 to 5
 * and 9; `allowFailure` and the like are the engine's).
 *
 * @param signal aborts when the attempt is to be killed; `undefined` when nobody can
 * @param sink gets log and metrics; all of them have been handed over when the result is answered
 * @returns SUCCESS or the state that the task asked for; FAILED on an error or a timeout, KILLED on an error after the
 *   signal aborted. A task that returns normally although it was killed is SUCCESS
 * @throws only what the sink throws: the failure of a task is a result
 */
export async function runAttempt(
  job: TaskJob,
  services: AttemptServices,
  signal: AbortSignal | undefined,
  sink: AttemptSink,
): Promise<TaskResult> {
  const started = services.now();
  const definition = services.registry.get(job.task.type);
  const masking = new Masking();
  const log = new AttemptLog(sink, {
    now: services.now,
    masking,
    progressive: definition?.kind !== 'task' || definition.lane !== 'inline',
    lowest: isLogLevel(job.task.logLevel) ? job.task.logLevel : 'TRACE',
  });
  let context: AttemptContext | undefined;
  let ending: Ending;
  try {
    if (definition?.kind !== 'task') throw unknownType(job, definition?.kind);
    signal?.throwIfAborted();
    const variables = attemptVariables(job, opened(job, await allVariables(job, services), services, masking));
    context = new AttemptContext(job, services, { variables, logger: log, masking });
    ending = succeeded(await perform(job, definition, context, services, signal));
  } catch (error) {
    ending = failed(error, signal, log, masking);
  }
  try {
    if (context !== undefined) await finish(context, log, sink);
  } finally {
    await log.end();
  }
  return { ...ending, started, ended: services.now() };
}

type Ending = Omit<TaskResult, 'started' | 'ended'>;

/** The task itself, under its timeout. No timer and no signal are made for a task that has none and cannot be killed. */
async function perform(
  job: TaskJob,
  definition: TaskDefinition,
  context: AttemptContext,
  services: AttemptServices,
  signal: AbortSignal | undefined,
): Promise<TaskOutput | undefined> {
  const properties = definition.properties.parse(ownProperties(definition, job.task));
  const timeout = job.task.timeout === undefined ? undefined : await context.duration(job.task.timeout);
  if (signal === undefined && timeout === undefined) return definition.run(context, properties);
  if (timeout !== undefined && timeout <= 0) throw new TaskTimeout(0);
  const stopper = new Stopper(signal, timeout);
  context.useSignal(stopper.signal);
  try {
    // Killed while the timeout was rendered: the task is not begun.
    stopper.signal.throwIfAborted();
    const output = await stopper.settled(definition.run(context, properties), services.abortGrace ?? ABORT_GRACE);
    // Too late is too late, even for a task that ended by itself in the meantime.
    if (stopper.signal.reason instanceof TaskTimeout) throw stopper.signal.reason;
    return output;
  } catch (error) {
    throw stopped(error, stopper.signal);
  } finally {
    stopper.release();
  }
}

/** A failure after the timeout is the timeout; what the task still has to show goes with it. */
function stopped(error: unknown, signal: AbortSignal): unknown {
  const { reason } = signal as { reason: unknown };
  if (!(reason instanceof TaskTimeout) || error === reason) return error;
  const outputs = error instanceof TaskFailure ? error.outputs : undefined;
  return new TaskTimeout(reason.timeout, {
    ...(outputs === undefined ? {} : { outputs }),
    ...(error instanceof TaskGivenUp ? { cause: error } : {}),
  });
}

function succeeded(output: TaskOutput | undefined): Ending {
  return { state: output?.state ?? 'SUCCESS', outputs: withoutNulls(output?.outputs) };
}

function failed(error: unknown, signal: AbortSignal | undefined, log: AttemptLog, masking: Masking): Ending {
  const isKilled = signal?.aborted === true && !(error instanceof TaskTimeout);
  const outputs = error instanceof TaskFailure ? withoutNulls(error.outputs) : NO_OUTPUTS;
  if (isKilled) {
    log.warn(`The task was killed: ${describeFailure(error)}`);
  } else {
    log.error(describeFailure(error));
    const stack = stackOf(error);
    if (stack !== undefined) log.trace(stack);
  }
  return { state: isKilled ? 'KILLED' : 'FAILED', outputs, error: masking.apply(messageOf(error)) };
}

async function finish(context: AttemptContext, log: AttemptLog, sink: AttemptSink): Promise<void> {
  const leftOver = await context.end();
  if (leftOver !== undefined) log.warn(`The working directory could not be removed: ${leftOver}`);
  const metrics = context.metrics();
  if (metrics.length > 0) await sink.onMetrics(metrics);
}

async function allVariables(job: TaskJob, services: AttemptServices): Promise<JsonObject> {
  if (job.fetchVariables !== true || services.fetchVariables === undefined) return job.variables;
  return services.fetchVariables(job);
}

/** The variables with what is encrypted in them decrypted, and masked in the log from then on (execution-semantics.md §4.5). */
function opened(job: TaskJob, variables: JsonObject, { cipher }: AttemptServices, masking: Masking): JsonObject {
  if (job.sealed !== true || cipher === undefined) return variables;
  const open = (sealed: string): string => {
    const text = cipher.open(sealed);
    masking.add(text);
    return text;
  };
  return openVariables(variables, open);
}

/** The variables of the job with `task` and `taskrun` of this attempt (execution-semantics.md §5). */
function attemptVariables(job: TaskJob, variables: JsonObject): Readonly<Record<string, unknown>> {
  const given = variables['taskrun'];
  return {
    ...variables,
    task: { id: job.task.id, type: job.task.type },
    taskrun: {
      // What only the executor knows (`iteration`) stays.
      ...(isObject(given) ? given : {}),
      id: job.taskRunId,
      // A getter: few templates ask, and the text costs more than the rest of the context.
      get startDate() {
        return new Date(job.taskRunStart).toISOString();
      },
      attemptsCount: job.attempt,
      ...(job.parentTaskRunId === undefined ? {} : { parentId: job.parentTaskRunId }),
      ...(job.value === undefined ? {} : { value: job.value }),
    },
  };
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function unknownType(job: TaskJob, kind: string | undefined): TaskFailure {
  const { id, type } = job.task;
  return new TaskFailure(
    kind === undefined
      ? `The task '${id}' has the type '${type}', which is not installed on this server`
      : `The task '${id}' has the type '${type}', which is a ${kind} and is not run as a task`,
  );
}

function withoutNulls(outputs: JsonObject | undefined): JsonObject {
  if (outputs === undefined) return NO_OUTPUTS;
  const entries = Object.entries(outputs);
  if (entries.every(([, value]) => value != null)) return outputs;
  return Object.fromEntries(entries.filter(([, value]) => value != null));
}
