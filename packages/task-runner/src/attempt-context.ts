import type { TaskJob } from '@tiercel/contracts';
import {
  ConversionError,
  convertTyped,
  type IoResult,
  NeedsIo,
  renderAsync,
  type RenderEnv,
  renderStructure,
  renderText,
  renderTyped,
  toJson,
  toPlainValue,
  type TypedKind,
} from '@tiercel/expressions';
import { type Masking, type Metric, type Sealed, sealed } from '@tiercel/model';
import {
  type BoundTaskRunner,
  type ExecutionInfo,
  type RunContext,
  TaskFailure,
  type TaskKv,
  type TaskLogger,
  type TaskRunInfo,
  type TaskStorage,
} from '@tiercel/plugin-kit';
import { ExpressionIo, type IoScope } from './expression-io.ts';
import { AttemptMetrics } from './metrics.ts';
import { ownProperties } from './properties.ts';
import type { AttemptServices } from './services.ts';
import { FlowKv } from './task-kv.ts';
import { TaskRunStorage } from './task-storage.ts';
import { WorkingDirectory } from './working-directory.ts';

type Variables = Readonly<Record<string, unknown>>;

const platformBytes = (count: number): Uint8Array => globalThis.crypto.getRandomValues(new Uint8Array(count));

/** What one attempt lends to its task. Everything but the variables is made when it is first used. */
export class AttemptContext implements RunContext {
  readonly execution: ExecutionInfo;
  readonly taskRun: TaskRunInfo;
  readonly logger: TaskLogger;
  readonly now: () => number;
  readonly #job: TaskJob;
  readonly #services: AttemptServices;
  readonly #variables: Variables;
  readonly #masking: Masking;
  readonly #memo = new Map<string, IoResult>();
  readonly #env: RenderEnv;
  #signal: AbortSignal | undefined;
  #storage: TaskStorage | undefined;
  #kv: TaskKv | undefined;
  #io: ExpressionIo | undefined;
  #metrics: AttemptMetrics | undefined;
  #workingDirectory: WorkingDirectory | undefined;
  #isEnded = false;

  constructor(
    job: TaskJob,
    services: AttemptServices,
    parts: { readonly variables: Variables; readonly logger: TaskLogger; readonly masking: Masking },
  ) {
    this.#job = job;
    this.#services = services;
    this.#variables = parts.variables;
    this.#masking = parts.masking;
    this.logger = parts.logger;
    this.now = services.now;
    this.execution = {
      id: job.executionId,
      tenant: job.tenant,
      namespace: job.namespace,
      flowId: job.flowId,
      flowRevision: job.flowRevision,
    };
    this.taskRun = {
      id: job.taskRunId,
      taskId: job.task.id,
      attempt: job.attempt,
      ...(job.value === undefined ? {} : { value: job.value }),
    };
    this.#env = {
      now: services.now,
      random: services.random,
      clock: () => performance.now(),
      randomBytes: services.randomBytes ?? platformBytes,
      zone: services.zone ?? 'UTC',
      locale: services.locale ?? 'en_US',
      recursive: services.recursiveRendering ?? false,
      memo: this.#memo,
      onSecret: (value) => parts.masking.add(value),
      ...(services.renderLimits === undefined ? {} : { limits: services.renderLimits }),
    };
  }

  get signal(): AbortSignal {
    return (this.#signal ??= new AbortController().signal);
  }

  /** Set before the task begins, when it can be stopped from outside. */
  useSignal(signal: AbortSignal): void {
    this.#signal = signal;
  }

  get storage(): TaskStorage {
    return (this.#storage ??= new TaskRunStorage(this.#services.storage, this.#services.layout, this.#job));
  }

  get kv(): TaskKv {
    return (this.#kv ??= new FlowKv(this.#services.kv, this.#job.tenant, this.#job.namespace));
  }

  metric(metric: Omit<Metric, 'timestamp'>): void {
    this.#metrics ??= new AttemptMetrics();
    this.#metrics.add(metric, this.now());
  }

  /** What was added up; tags are for people, as the log is. */
  metrics(): readonly Metric[] {
    const all = this.#metrics?.all() ?? [];
    return all.map((metric) =>
      metric.tags === undefined
        ? metric
        : { ...metric, tags: this.#masking.applyTo(metric.tags) as typeof metric.tags },
    );
  }

  encryption(): (text: string) => Sealed {
    const { cipher } = this.#services;
    if (cipher === undefined) throw new TaskFailure('Unable to encrypt an output: encryption is not configured');
    return (text) => {
      this.#masking.add(text);
      return sealed(cipher.seal(text));
    };
  }

  async workingDir(): Promise<string> {
    // A task that was given up must not make one that nobody removes.
    if (this.#isEnded) throw new TaskFailure('the attempt is over: it has no working directory any more');
    this.#workingDirectory ??= new WorkingDirectory(this.#services.workingRoot);
    return this.#workingDirectory.path();
  }

  /** Ends the attempt. Answers why the working directory could not be removed, undefined when all is well. */
  async end(): Promise<string | undefined> {
    this.#isEnded = true;
    return this.#workingDirectory?.remove();
  }

  async text(value: unknown, extra?: Variables): Promise<string | undefined> {
    if (value === null || value === undefined) return undefined;
    if (typeof value === 'string') return this.#render(renderText, value, extra);
    const rendered = await this.#render(renderStructure, value, extra);
    return typeof rendered === 'string' ? rendered : toJson(rendered);
  }

  async typed(value: unknown): Promise<unknown> {
    if (typeof value !== 'string') return value;
    return toPlainValue(await this.#render(renderTyped, value));
  }

  async structure<T = unknown>(value: unknown, extra?: Variables): Promise<T> {
    return (await this.#render(renderStructure, value, extra)) as T;
  }

  async integer(value: unknown): Promise<number | undefined> {
    return this.#convert('integer', value);
  }
  async decimal(value: unknown): Promise<number | undefined> {
    return this.#convert('decimal', value);
  }
  async boolean(value: unknown): Promise<boolean | undefined> {
    return this.#convert('boolean', value);
  }
  async duration(value: unknown): Promise<number | undefined> {
    return this.#convert('duration', value);
  }
  async list(value: unknown): Promise<readonly unknown[] | undefined> {
    return this.#convert('list', value);
  }
  async map(value: unknown): Promise<Variables | undefined> {
    return this.#convert('map', value);
  }

  async taskRunner(definition: {
    readonly type: string;
    readonly [property: string]: unknown;
  }): Promise<BoundTaskRunner> {
    const { registry } = this.#services;
    const found = registry.get(definition.type);
    if (found?.kind !== 'task-runner') {
      const known = registry.all().filter((plugin) => plugin.kind === 'task-runner');
      throw new TaskFailure(
        `\`taskRunner.type\`: there is no task runner '${definition.type}' on this server; ` +
          `use one of: ${known.map((plugin) => plugin.type).join(', ')}`,
      );
    }
    return found.bind(this, found.properties.parse(ownProperties(found, definition)));
  }

  /** Renders at once when that is possible; otherwise performs the calls that the expressions need, and renders again. */
  #render<V, T>(
    render: (value: V, variables: Variables, env: RenderEnv) => T,
    value: V,
    extra?: Variables,
  ): T | Promise<T> {
    const variables = extra === undefined ? this.#variables : { ...this.#variables, ...extra };
    try {
      return render(value, variables, this.#env);
    } catch (error) {
      if (!(error instanceof NeedsIo)) throw error;
      return renderAsync((env) => render(value, variables, env), this.#env, this.#perform);
    }
  }

  readonly #perform: ExpressionIo['perform'] = async (calls) => {
    this.#io ??= new ExpressionIo(this.#ioScope(), this.#services);
    const results = await this.#io.perform(calls);
    // A later property that asks the same gets the same answer.
    for (const [key, result] of results) this.#memo.set(key, result);
    return results;
  };

  #ioScope(): IoScope {
    const { tenant, namespace, flowId, executionId } = this.#job;
    const { fetchVariables } = this.#services;
    // A job carries only the variables that its expressions name; who started the execution counts without being named.
    const trigger = async (): Promise<unknown> =>
      this.#variables['trigger'] ?? (await fetchVariables?.(this.#job))?.['trigger'];
    return { tenant, namespace, flowId, executionId, trigger, signal: () => this.signal };
  }

  async #convert<T>(kind: TypedKind, value: unknown): Promise<T | undefined> {
    if (value === null || value === undefined) return undefined;
    // A structure is rendered element by element, so that quotes inside do no harm (expressions.md §16, E15).
    const rendered =
      typeof value === 'string' ? await this.#render(renderText, value) : await this.#render(renderStructure, value);
    try {
      return (toPlainValue(convertTyped(kind, rendered)) ?? undefined) as T | undefined;
    } catch (error) {
      throw error instanceof ConversionError ? this.#named(error, value) : error;
    }
  }

  /** The error with the name of the property that holds the value, where that is plain to see. */
  #named(error: ConversionError, value: unknown): Error {
    const name = Object.keys(this.#job.task).find((key) => this.#job.task[key] === value);
    return name === undefined ? error : new TaskFailure(`\`${name}\`: ${error.message}`, { cause: error });
  }
}
