import type { Readable } from 'node:stream';
import type { JsonObject, LogLevel, Metric, Sealed } from '@tiercel/model';

/** What a task may know of the execution that it runs in. */
export interface ExecutionInfo {
  readonly id: string;
  readonly tenant: string;
  readonly namespace: string;
  readonly flowId: string;
  readonly flowRevision: number;
}

/** What a task may know of its own run. `attempt` is the number of earlier attempts (0 for the first). */
export interface TaskRunInfo {
  readonly id: string;
  readonly taskId: string;
  readonly attempt: number;
  readonly value?: string;
}

/** Log of a task run: each call makes one entry at that level; secrets that were read are masked. */
export interface TaskLogger {
  /**
   * A promise while what was logged waits to be written and more should wait too; undefined when more may be logged at
   * once. Who logs without end (the lines of a script) awaits it; lines logged past a bound meanwhile are dropped, and
   * the log says how many.
   */
  ready(): Promise<void> | undefined;
  log(level: LogLevel, message: string): void;
  trace(message: string): void;
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/**
 * Internal storage as tasks see it. URIs are `kestra:///…`; anything else is refused (execution-semantics.md §13.1).
 * As in the reference a task reaches every file of its tenant: outputs of a subflow lie under another execution.
 */
export interface TaskStorage {
  /** Streams content into this task run's folder; `name` is the last part of the URI. Returns the URI. */
  put(name: string, content: Readable | Buffer | string): Promise<string>;
  /** Uploads a local file under its base name, or `name`, and leaves the local file where it is. */
  putFile(path: string, name?: string): Promise<string>;
  /** Opens a stored file. Fails when it is missing or the URI is none of the internal storage. */
  open(uri: string): Promise<Readable>;
  /** Size in bytes. Fails as `open`. */
  size(uri: string): Promise<number>;
  /** Removes a stored file; false when there was none. */
  delete(uri: string): Promise<boolean>;
  /** Files of a namespace: paths with a leading slash. Default: the flow's namespace. */
  namespaceFiles(namespace?: string): Promise<readonly string[]>;
  openNamespaceFile(path: string, namespace?: string): Promise<Readable>;
  putNamespaceFile(path: string, content: Readable | Buffer | string, namespace?: string): Promise<void>;
  deleteNamespaceFile(path: string, namespace?: string): Promise<boolean>;
}

/** The types a key-value entry can have (rest-api.md §9.2). */
export type KvType = 'STRING' | 'NUMBER' | 'BOOLEAN' | 'DATETIME' | 'DATE' | 'DURATION' | 'JSON';
export interface KvValue {
  readonly type: KvType;
  readonly value: unknown;
}

/** Key-value store. `namespace` defaults to the flow's; another one must exist (execution-semantics.md §13.5). */
export interface TaskKv {
  get(key: string, namespace?: string): Promise<KvValue | undefined>;
  /** `ttl` in ms. Throws when the key exists and `overwrite` is false. */
  set(key: string, value: KvValue, options?: { namespace?: string; ttl?: number; overwrite?: boolean }): Promise<void>;
  delete(key: string, namespace?: string): Promise<boolean>;
  keys(prefix?: string, namespace?: string): Promise<readonly string[]>;
}

/** What the runtime lends to a task for one attempt. */
export interface RunContext {
  readonly execution: ExecutionInfo;
  readonly taskRun: TaskRunInfo;
  readonly logger: TaskLogger;
  readonly storage: TaskStorage;
  readonly kv: TaskKv;
  /** Aborted when the attempt is killed or its time is over; `signal.reason` says which. Tasks must give up then. */
  readonly signal: AbortSignal;
  now(): number;
  /** Adds a metric; the same type, name and tags again add up. */
  metric(metric: Omit<Metric, 'timestamp'>): void;
  /**
   * Gives what encrypts texts for outputs; later expressions read the text itself. The text is masked in the log from then on. Fails when
   * the server has no key: a task asks before it does what cannot be undone.
   */
  encryption(): (text: string) => Sealed;
  /** A folder of this attempt's own (absolute path), made at the first call and removed after the attempt. */
  workingDir(): Promise<string>;

  /** Renders a template to text; null and undefined give undefined. `extra` variables are added for this call. */
  text(value: unknown, extra?: Readonly<Record<string, unknown>>): Promise<string | undefined>;
  /** Renders to the value itself (expressions.md §1.3), as plain JSON: dates become ISO texts. */
  typed(value: unknown): Promise<unknown>;
  /** Renders every text inside a structure (expressions.md §1.2). */
  structure<T = unknown>(value: unknown, extra?: Readonly<Record<string, unknown>>): Promise<T>;
  /** Typed properties (expressions.md §14): undefined when unset or rendered empty. */
  integer(value: unknown): Promise<number | undefined>;
  decimal(value: unknown): Promise<number | undefined>;
  boolean(value: unknown): Promise<boolean | undefined>;
  /** ms. */
  duration(value: unknown): Promise<number | undefined>;
  list(value: unknown): Promise<readonly unknown[] | undefined>;
  map(value: unknown): Promise<Readonly<Record<string, unknown>> | undefined>;

  /** Builds a task runner (e.g. `io.kestra.plugin.core.runner.Process`) from its definition in the flow. */
  taskRunner(definition: { readonly type: string; readonly [property: string]: unknown }): Promise<BoundTaskRunner>;
}

/** A command to run for a script task. */
export interface CommandSpec {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /**
   * Called for each line, without its line end; very long lines come in pieces. A promise holds back the command's
   * further output until it resolves; when it rejects or the call throws, the command is killed and `run` fails with that.
   */
  readonly onLine: (stream: 'stdout' | 'stderr', line: string) => void | Promise<void>;
}

export interface CommandResult {
  /** As a shell reports it: 128 + n when signal n ended the command. */
  readonly exitCode: number;
}

/** A task runner with its properties bound. */
export interface BoundTaskRunner {
  /**
   * Runs the command until it ends; kills it with all its descendants when the context's signal aborts, and resolves
   * then too, with the exit code that this gave. Fails when the command cannot be started.
   */
  run(spec: CommandSpec): Promise<CommandResult>;
}

/** What a task gives back. Null outputs are left out; `state` WARNING marks a success with a warning. */
export interface TaskOutput {
  readonly outputs?: JsonObject;
  readonly state?: 'SUCCESS' | 'WARNING';
}

/** A failure on purpose: the message is what people read; `outputs` are kept with the failed attempt. */
export class TaskFailure extends Error {
  readonly outputs: JsonObject | undefined;
  constructor(message: string, options: { outputs?: JsonObject; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'TaskFailure';
    this.outputs = options.outputs;
  }
}
