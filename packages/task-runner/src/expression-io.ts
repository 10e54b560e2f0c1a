import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { TaskJob } from '@tiercel/contracts';
import type { IoCall, IoResult } from '@tiercel/expressions';
import type { JsonObject } from '@tiercel/model';
import { messageOf } from './failure.ts';
import type { AttemptServices } from './services.ts';
import { FlowKv } from './task-kv.ts';

/** All that the `read()`s of one attempt may bring into memory, in bytes. */
const MAX_READ = 32 * 1024 * 1024;
const ERROR_LOGS_WAIT = 5000;
const ERROR_LOGS_INTERVAL = 250;

/** Performs the calls of expressions that need input or output (expressions.md §12.3, §12.4). */
export class ExpressionIo {
  readonly #job: TaskJob;
  readonly #services: AttemptServices;
  readonly #signal: () => AbortSignal;
  #trigger: Promise<unknown> | undefined;
  #bytesRead = 0;

  constructor(job: TaskJob, services: AttemptServices, signal: () => AbortSignal) {
    this.#job = job;
    this.#services = services;
    this.#signal = signal;
  }

  /** A call that fails gives its message; the expression that needs it fails then, with the place of the call. */
  readonly perform = async (calls: readonly IoCall[]): Promise<ReadonlyMap<string, IoResult>> => {
    const results = new Map<string, IoResult>();
    for (const call of calls) {
      try {
        results.set(call.key, { value: await this.#call(call) });
      } catch (error) {
        results.set(call.key, { error: messageOf(error) });
      }
    }
    return results;
  };

  async #call({ fn, args }: IoCall): Promise<unknown> {
    const path = String(args['path'] ?? '');
    const namespace = typeof args['namespace'] === 'string' ? args['namespace'] : undefined;
    switch (fn) {
      case 'read':
        return this.#read(path, namespace);
      case 'fileSize':
        return (await this.#file(path, namespace)).size;
      case 'fileExists':
        return (await this.#stat(path, namespace)) !== undefined;
      case 'isFileEmpty':
        return (await this.#file(path, namespace)).size === 0;
      case 'kv':
        return this.#kv(String(args['key']), namespace, args['errorOnMissing'] === true);
      case 'secret':
        return this.#secret(String(args['key']));
      case 'errorLogs':
        return this.#errorLogs();
      default:
        throw new Error(`\`${fn}\` is not available in tasks`);
    }
  }

  async #read(path: string, namespace: string | undefined): Promise<string> {
    const file = await this.#file(path, namespace);
    this.#bytesRead += file.size;
    if (this.#bytesRead > MAX_READ) {
      throw new Error(
        `\`read\` brings at most ${MAX_READ / 1024 / 1024} MiB into one task: pass the address of '${path}' to the task instead`,
      );
    }
    return text(await this.#services.storage.get(this.#job.tenant, file.path));
  }

  async #file(path: string, namespace: string | undefined): Promise<{ readonly path: string; readonly size: number }> {
    const entry = await this.#stat(path, namespace);
    if (entry === undefined) throw new Error(`the file '${path}' does not exist`);
    return entry;
  }

  async #stat(
    path: string,
    namespace: string | undefined,
  ): Promise<{ readonly path: string; readonly size: number } | undefined> {
    const { layout, storage } = this.#services;
    let stored: string;
    if (layout.isStorageUri(path)) {
      stored = layout.fromUri(path);
      await this.#checkReadable(stored);
    } else {
      stored = layout.namespaceFile(namespace ?? this.#job.namespace, path);
    }
    const entry = await storage.stat(this.#job.tenant, stored);
    return entry?.type === 'File' ? entry : undefined;
  }

  /** An address lies under the own execution, or under the one that started it (expressions.md §12.3). */
  async #checkReadable(path: string): Promise<void> {
    const { layout } = this.#services;
    if (layout.isBelow(path, layout.executionRoot(this.#job))) return;
    const trigger = await this.#triggerPlace();
    if (trigger !== undefined && layout.isBelow(path, layout.executionRoot(trigger))) return;
    throw new Error(
      `the file 'kestra://${path}' cannot be read: it belongs neither to this execution nor to the one that started it`,
    );
  }

  async #triggerPlace(): Promise<{ namespace: string; flowId: string; executionId: string } | undefined> {
    // The job carries only variables that its expressions name; who started the execution counts without being named.
    const { fetchVariables } = this.#services;
    this.#trigger ??=
      this.#job.variables['trigger'] !== undefined || fetchVariables === undefined
        ? Promise.resolve(this.#job.variables['trigger'])
        : fetchVariables(this.#job).then((variables) => variables['trigger']);
    const trigger = (await this.#trigger) as JsonObject | undefined | null;
    const { namespace, flowId, executionId } = trigger ?? {};
    if (typeof namespace !== 'string' || typeof flowId !== 'string' || typeof executionId !== 'string')
      return undefined;
    return { namespace, flowId, executionId };
  }

  async #kv(key: string, namespace: string | undefined, errorOnMissing: boolean): Promise<unknown> {
    const { kv } = this.#services;
    const entry = await new FlowKv(kv, this.#job.tenant, this.#job.namespace).entry(key, namespace);
    if (entry === undefined && errorOnMissing) {
      throw new Error(`The key '${key}' does not exist in the namespace '${namespace ?? this.#job.namespace}'.`);
    }
    return entry?.value ?? null;
  }

  async #secret(key: string): Promise<string> {
    const value = await this.#services.secret(key);
    if (value === undefined) throw new Error(`Cannot find secret for key '${key}'.`);
    return value;
  }

  /** Waits a little for the first: the task that failed may have ended a moment ago. */
  async #errorLogs(): Promise<unknown> {
    const { errorLogs } = this.#services;
    if (errorLogs === undefined) throw new Error('`errorLogs` is not available here');
    for (let waited = 0; ; waited += ERROR_LOGS_INTERVAL) {
      const logs = await errorLogs(this.#job);
      if (logs.length > 0 || waited >= ERROR_LOGS_WAIT) return logs;
      await delay(ERROR_LOGS_INTERVAL, undefined, { signal: this.#signal() });
    }
  }
}
