import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { type LogLevel, type Metric, sealed } from '@tiercel/model';
import type { TaskDefinition, TaskRunnerDefinition } from './define.ts';
import type {
  BoundTaskRunner,
  ExecutionInfo,
  KvValue,
  RunContext,
  TaskKv,
  TaskLogger,
  TaskOutput,
  TaskRunInfo,
  TaskStorage,
} from './run-context.ts';

/** How a harness is set up; everything has a default. */
export interface HarnessOptions {
  readonly execution?: Partial<ExecutionInfo>;
  readonly taskRun?: Partial<TaskRunInfo>;
  /** Stands for the expression language: gets each text that holds a `{`. Default: texts come back unchanged. */
  readonly render?: (template: string, extra: Readonly<Record<string, unknown>>) => unknown;
  /** Whether the server has a key; default true. What is encrypted is the text itself, in Base64. */
  readonly hasKey?: boolean;
  readonly signal?: AbortSignal;
  readonly now?: () => number;
  readonly taskRunners?: readonly TaskRunnerDefinition[];
}

/** A RunContext in memory, with what a task did to it, for the unit tests of plugins. */
export interface Harness {
  readonly context: RunContext;
  readonly logs: readonly { readonly level: LogLevel; readonly message: string }[];
  readonly metrics: readonly Omit<Metric, 'timestamp'>[];
  /** Stored files by URI. */
  readonly files: Map<string, Buffer>;
  /** Namespace files by namespace and path (with a leading slash), joined by a colon. */
  readonly namespaceFiles: Map<string, Buffer>;
  /** Entries by namespace and key, joined by a colon. */
  readonly kv: Map<string, KvValue & { readonly ttl?: number }>;
  /** Validates properties as a flow would, then runs one attempt. */
  run(task: TaskDefinition, properties: Readonly<Record<string, unknown>>): Promise<TaskOutput | undefined>;
  /** Removes the working directory. */
  close(): Promise<void>;
}

/** Makes a harness for one attempt of a task. */
export function createHarness(options: HarnessOptions = {}): Harness {
  const execution: ExecutionInfo = {
    id: 'execution',
    tenant: 'main',
    namespace: 'company.team',
    flowId: 'flow',
    flowRevision: 1,
    ...options.execution,
  };
  const logs: { level: LogLevel; message: string }[] = [];
  const metrics: Omit<Metric, 'timestamp'>[] = [];
  const files = new Map<string, Buffer>();
  const namespaceFiles = new Map<string, Buffer>();
  const kv = new Map<string, KvValue & { ttl?: number }>();
  let folder: Promise<string> | undefined;
  const context: RunContext = {
    execution,
    taskRun: { id: 'taskrun', taskId: 'task', attempt: 0, ...options.taskRun },
    logger: memoryLogger(logs),
    storage: memoryStorage(execution.namespace, files, namespaceFiles),
    kv: memoryKv(execution.namespace, kv),
    signal: options.signal ?? new AbortController().signal,
    now: options.now ?? (() => 0),
    metric: (metric) => void metrics.push(metric),
    encryption: () => {
      if (options.hasKey === false) throw new Error('encryption is not configured');
      return (text) => sealed(Buffer.from(text).toString('base64'));
    },
    workingDir: () => (folder ??= mkdtemp(join(tmpdir(), 'tiercel-harness-'))),
    ...rendering(options.render ?? ((template) => template)),
    taskRunner: async (definition) => bindRunner(context, options.taskRunners ?? [], definition),
  };
  return {
    context,
    logs,
    metrics,
    files,
    namespaceFiles,
    kv,
    run: async (task, properties) => task.run(context, task.properties.strict().parse(properties)),
    close: async () => {
      if (folder !== undefined) await rm(await folder, { recursive: true, force: true });
    },
  };
}

function memoryLogger(logs: { level: LogLevel; message: string }[]): TaskLogger {
  const log = (level: LogLevel, message: string): void => void logs.push({ level, message });
  return {
    ready: () => undefined,
    log,
    trace: (message) => log('TRACE', message),
    debug: (message) => log('DEBUG', message),
    info: (message) => log('INFO', message),
    warn: (message) => log('WARN', message),
    error: (message) => log('ERROR', message),
  };
}

const toBuffer = async (content: Readable | Buffer | string): Promise<Buffer> =>
  content instanceof Readable ? buffer(content) : Buffer.from(content);

function found<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`'${name}' does not exist`);
  return value;
}

function memoryStorage(ownNamespace: string, files: Map<string, Buffer>, shared: Map<string, Buffer>): TaskStorage {
  const key = (path: string, namespace = ownNamespace): string =>
    `${namespace}:${path.startsWith('/') ? path : `/${path}`}`;
  return {
    put: async (name, content) => {
      const uri = `kestra:///files/${randomUUID()}/${name}`;
      files.set(uri, await toBuffer(content));
      return uri;
    },
    putFile: async (path, name = basename(path)) => {
      const uri = `kestra:///files/${randomUUID()}/${name}`;
      files.set(uri, await readFile(path));
      return uri;
    },
    open: async (uri) => Readable.from([found(files.get(uri), uri)]),
    size: async (uri) => found(files.get(uri), uri).length,
    delete: async (uri) => files.delete(uri),
    namespaceFiles: async (namespace = ownNamespace) =>
      [...shared.keys()].filter((k) => k.startsWith(`${namespace}:`)).map((k) => k.slice(namespace.length + 1)),
    openNamespaceFile: async (path, namespace) => Readable.from([found(shared.get(key(path, namespace)), path)]),
    putNamespaceFile: async (path, content, namespace) =>
      void shared.set(key(path, namespace), await toBuffer(content)),
    deleteNamespaceFile: async (path, namespace) => shared.delete(key(path, namespace)),
  };
}

function memoryKv(ownNamespace: string, entries: Map<string, KvValue & { ttl?: number }>): TaskKv {
  const name = (key: string, namespace = ownNamespace): string => `${namespace}:${key}`;
  return {
    get: async (key, namespace) => entries.get(name(key, namespace)),
    set: async (key, value, { namespace, ttl, overwrite = true } = {}) => {
      if (!overwrite && entries.has(name(key, namespace))) throw new Error(`the key '${key}' exists`);
      entries.set(name(key, namespace), ttl === undefined ? value : { ...value, ttl });
    },
    delete: async (key, namespace) => entries.delete(name(key, namespace)),
    keys: async (prefix = '', namespace = ownNamespace) =>
      [...entries.keys()]
        .filter((k) => k.startsWith(`${namespace}:${prefix}`))
        .map((k) => k.slice(namespace.length + 1)),
  };
}

type Rendering = Pick<
  RunContext,
  'text' | 'typed' | 'structure' | 'integer' | 'decimal' | 'boolean' | 'duration' | 'list' | 'map'
>;

const json = (value: string): unknown => JSON.parse(value) as unknown;

/** Rendering with simple conversions: enough for a task's own tests, not the whole of expressions.md §14. */
function rendering(render: NonNullable<HarnessOptions['render']>): Rendering {
  const deep = (value: unknown, extra: Readonly<Record<string, unknown>>): unknown => {
    if (typeof value === 'string') return value.includes('{') ? render(value, extra) : value;
    if (Array.isArray(value)) return value.map((item) => deep(item, extra));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [String(deep(k, extra)), deep(v, extra)]));
  };
  const text = async (value: unknown, extra: Readonly<Record<string, unknown>> = {}): Promise<string | undefined> => {
    const rendered = deep(value, extra);
    if (rendered === null || rendered === undefined) return undefined;
    return typeof rendered === 'string' ? rendered : JSON.stringify(rendered);
  };
  const convert = async <T>(value: unknown, to: (text: string) => T): Promise<T | undefined> => {
    const rendered = await text(value);
    return rendered === undefined || rendered.trim() === '' ? undefined : to(rendered.trim());
  };
  return {
    text,
    typed: async (value) => deep(value, {}),
    structure: async <T>(value: unknown, extra: Readonly<Record<string, unknown>> = {}) => deep(value, extra) as T,
    integer: async (value) => convert(value, Number),
    decimal: async (value) => convert(value, Number),
    boolean: async (value) => convert(value, (t) => t.toLowerCase() === 'true'),
    duration: async (value) => convert(value, isoMillis),
    list: async (value) => convert(value, (t) => json(t) as readonly unknown[]),
    map: async (value) => convert(value, (t) => json(t) as Readonly<Record<string, unknown>>),
  };
}

const DURATION = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

function isoMillis(text: string): number {
  const match = DURATION.exec(text);
  if (match === null) return Number(text) * 1000;
  const [, days = 0, hours = 0, minutes = 0, seconds = 0] = match;
  return (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
}

function bindRunner(
  context: RunContext,
  runners: readonly TaskRunnerDefinition[],
  definition: { readonly type: string; readonly [property: string]: unknown },
): BoundTaskRunner {
  const runner = runners.find((r) => r.type === definition.type || r.aliases?.includes(definition.type));
  if (runner === undefined) throw new Error(`the harness has no task runner ${definition.type}`);
  return runner.bind(context, runner.properties.parse(definition));
}
