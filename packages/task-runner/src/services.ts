import type { TaskJob } from '@tiercel/contracts';
import type { Cipher, RenderLimits } from '@tiercel/expressions';
import type { JsonObject, LogLine, Metric } from '@tiercel/model';
import type { PluginRegistry } from '@tiercel/plugin-kit';
import type { Storage, StorageLayout } from '@tiercel/storage';
import type { KvStore } from '@tiercel/store';

/** What the running of tasks needs of its host (worker or executor). One value serves all attempts of a process. */
export interface AttemptServices {
  readonly registry: PluginRegistry;
  readonly storage: Storage;
  /** `storageLayout` of @tiercel/storage. */
  readonly layout: StorageLayout;
  readonly kv: KvStore;
  /** The value of a secret, decoded; undefined when there is none (see `secretsOf`). */
  readonly secret: (key: string) => string | undefined | Promise<string | undefined>;
  /** Encrypts and decrypts values with the server's key; absent: it has none. */
  readonly cipher?: Cipher | undefined;
  /** ms since 1970. */
  readonly now: () => number;
  /** A number from 0 up to but not including 1. */
  readonly random: () => number;
  /** Secure random bytes, for `encrypt` in expressions; default: those of the platform. */
  readonly randomBytes?: (count: number) => Uint8Array;
  /** Time zone and locale of the server; defaults `UTC` and `en_US`. */
  readonly zone?: string;
  readonly locale?: string;
  /** Recursive rendering (expressions.md §1.1). */
  readonly recursiveRendering?: boolean;
  readonly renderLimits?: Partial<RenderLimits>;
  /** The first 25 ERROR log entries of the execution, oldest first (`errorLogs()`); absent: the function fails. */
  readonly errorLogs?: (execution: {
    readonly tenant: string;
    readonly executionId: string;
  }) => Promise<readonly JsonObject[]>;
  /** All variables of the job's execution, for jobs whose expressions are dynamic; absent: those of the job have to do. */
  readonly fetchVariables?: (job: TaskJob) => Promise<JsonObject>;
  /** Folder in which working directories are made; default: that of the system. */
  readonly workingRoot?: string;
  /** ms that a task gets to stop after a kill or timeout before it is given up; default 10 s. */
  readonly abortGrace?: number;
}

/**
 * Where logs and metrics of one attempt go, in batches and in order. A promise that is returned holds back further
 * batches, and with them tasks that log without end, until it resolves. A failure of the sink makes `runAttempt` fail.
 */
export interface AttemptSink {
  onLog(lines: readonly LogLine[]): void | Promise<void>;
  /** Metrics that were added up over the attempt; called at its end, before the attempt is answered. */
  onMetrics(metrics: readonly Metric[]): void | Promise<void>;
}

/**
 * The secrets of a process environment: `SECRET_<KEY>` with Base64 values, line breaks ignored, decoded once
 * (expressions.md §15). Keys are not case-sensitive.
 */
export function secretsOf(
  environment: Readonly<Record<string, string | undefined>>,
): (key: string) => string | undefined {
  const secrets = new Map<string, string>();
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith('SECRET_') || value === undefined) continue;
    secrets.set(name.slice('SECRET_'.length).toUpperCase(), Buffer.from(value, 'base64').toString('utf8'));
  }
  return (key) => secrets.get(key.toUpperCase());
}
