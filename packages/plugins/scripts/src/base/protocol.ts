import { LOG_LEVELS, parseJson, shortened, type Json, type LogLevel } from '@tiercel/model';
import { type RunContext, TaskFailure } from '@tiercel/plugin-kit';

/** A line that is a message to the engine: `::{…}::` and nothing else (execution-semantics.md §15.3). */
const MESSAGE = /^::(\{.*\})::$/s;
/** All `outputs` of one script together; more belongs into files. */
const MAX_VARS = 8 * 1024 * 1024;

/** Takes the lines of a script: messages to the engine have effect, all others are logged. */
export class LineReader {
  readonly vars: Record<string, Json> = {};
  /** Lines on stderr, messages too: they decide on WARNING. */
  hasErrorLines = false;
  readonly #context: RunContext;
  #varsSize = 0;

  constructor(context: RunContext) {
    this.#context = context;
  }

  /** Answers a promise when the log needs time. */
  readonly take = (stream: 'stdout' | 'stderr', line: string): void | Promise<void> => {
    if (stream === 'stderr') this.hasErrorLines = true;
    const message = line.startsWith('::{') ? MESSAGE.exec(line)?.[1] : undefined;
    if (message === undefined) this.#context.logger.log(stream === 'stdout' ? 'INFO' : 'ERROR', line);
    else this.#message(message);
    return this.#context.logger.ready();
  };

  #message(text: string): void {
    let message: unknown;
    try {
      // Outputs go through recursive code later on; no deep nesting comes in.
      message = parseJson(text);
    } catch (error) {
      this.#context.logger.warn(
        `Invalid outputs '${shortened(text, 1000)}': ${error instanceof Error ? error.message : String(error)}`,
      );
      return;
    }
    const { outputs, metrics, logs } = message as Readonly<Record<string, unknown>>;
    if (isMap(outputs)) this.#outputs(outputs, text.length);
    if (Array.isArray(metrics)) for (const metric of metrics) this.#metric(metric);
    if (Array.isArray(logs)) for (const log of logs) this.#log(log);
  }

  #outputs(outputs: Readonly<Record<string, unknown>>, size: number): void {
    this.#varsSize += size;
    if (this.#varsSize > MAX_VARS) {
      throw new TaskFailure(
        `the script gives more than ${MAX_VARS / 1024 / 1024} MiB by \`::{"outputs": …}::\`: write a file and name it in \`outputFiles\``,
      );
    }
    for (const [name, value] of Object.entries(outputs)) {
      // A plain assignment of `__proto__` would change the object instead.
      Object.defineProperty(this.vars, name, { value, enumerable: true, configurable: true, writable: true });
    }
  }

  #metric(metric: unknown): void {
    const { name, type, value, tags } = isMap(metric) ? metric : {};
    const isKnown = type === 'counter' || type === 'timer';
    if (typeof name !== 'string' || !isKnown || typeof value !== 'number' || !Number.isFinite(value)) {
      this.#context.logger.warn(
        `Invalid metric ${JSON.stringify(metric)}: it needs a name, a type (counter or timer) and a number as value`,
      );
      return;
    }
    this.#context.metric({
      type,
      name,
      // Timers are given in seconds and kept in ms.
      value: type === 'timer' ? value * 1000 : value,
      ...(isMap(tags) ? { tags: Object.fromEntries(Object.entries(tags).map(([k, v]) => [k, String(v)])) } : {}),
    });
  }

  #log(log: unknown): void {
    const { level, message } = isMap(log) ? log : {};
    const known = typeof level === 'string' ? level.toUpperCase() : 'INFO';
    const text = typeof message === 'string' ? message : JSON.stringify(message ?? log);
    this.#context.logger.log(isLevel(known) ? known : 'INFO', text);
  }
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isLevel = (text: string): text is LogLevel => (LOG_LEVELS as readonly string[]).includes(text);
