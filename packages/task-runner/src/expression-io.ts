import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { type IoCall, type IoResult, toPlainValue } from '@tiercel/expressions';
import { messageOf } from './failure.ts';
import type { AttemptServices } from './services.ts';
import { FlowKv } from './task-kv.ts';

/** All that the `read()`s of one attempt may bring into memory, in bytes. */
const MAX_READ = 32 * 1024 * 1024;
const ERROR_LOGS_WAIT = 5000;
const ERROR_LOGS_INTERVAL = 250;

/** Arguments were checked by the function itself; one that was not given is empty here. */
const textOf = (argument: unknown): string => (typeof argument === 'string' ? argument : '');

/** The execution for which expressions ask. */
export interface IoScope {
  readonly tenant: string;
  readonly namespace: string;
  readonly flowId: string;
  readonly executionId: string;
  /** The variable `trigger`, asked for only when a file of another execution is to be read. */
  readonly trigger: () => unknown;
  /** Aborted when nobody waits for the answers any more. */
  readonly signal?: () => AbortSignal;
}

/** What answers the calls. */
export type IoServices = Pick<AttemptServices, 'storage' | 'layout' | 'kv' | 'secret' | 'errorLogs'>;

/**
 * Performs the calls of expressions that need input or output (expressions.md §12.3, §12.4), for one execution, within
 * limits that count over all its calls. Used for tasks, and by hosts that render for the engine.
 */
export class ExpressionIo {
  readonly #scope: IoScope;
  readonly #services: IoServices;
  #trigger: Promise<unknown> | undefined;
  #bytesRead = 0;

  constructor(scope: IoScope, services: IoServices) {
    this.#scope = scope;
    this.#services = services;
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
    const path = textOf(args['path']);
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
        return this.#kv(textOf(args['key']), namespace, args['errorOnMissing'] === true);
      case 'secret':
        return this.#secret(textOf(args['key']));
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
    return text(await this.#services.storage.get(this.#scope.tenant, file.path));
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
      stored = layout.namespaceFile(namespace ?? this.#scope.namespace, path);
    }
    const entry = await storage.stat(this.#scope.tenant, stored);
    return entry?.type === 'File' ? entry : undefined;
  }

  /** An address lies under the own execution, or under the one that started it (expressions.md §12.3). */
  async #checkReadable(path: string): Promise<void> {
    const { layout } = this.#services;
    if (layout.isBelow(path, layout.executionRoot(this.#scope))) return;
    const trigger = await this.#triggerPlace();
    if (trigger !== undefined && layout.isBelow(path, layout.executionRoot(trigger))) return;
    throw new Error(
      `the file 'kestra://${path}' cannot be read: it belongs neither to this execution nor to the one that started it`,
    );
  }

  async #triggerPlace(): Promise<{ namespace: string; flowId: string; executionId: string } | undefined> {
    this.#trigger ??= Promise.resolve(this.#scope.trigger());
    const trigger = toPlainValue(await this.#trigger);
    const { namespace, flowId, executionId } = (trigger ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof namespace !== 'string' || typeof flowId !== 'string' || typeof executionId !== 'string')
      return undefined;
    return { namespace, flowId, executionId };
  }

  async #kv(key: string, namespace: string | undefined, errorOnMissing: boolean): Promise<unknown> {
    const { kv } = this.#services;
    const entry = await new FlowKv(kv, this.#scope.tenant, this.#scope.namespace).entry(key, namespace);
    if (entry === undefined && errorOnMissing) {
      throw new Error(`The key '${key}' does not exist in the namespace '${namespace ?? this.#scope.namespace}'.`);
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
    const { signal } = this.#scope;
    if (errorLogs === undefined) throw new Error('`errorLogs` is not available here');
    for (let waited = 0; ; waited += ERROR_LOGS_INTERVAL) {
      const logs = await errorLogs(this.#scope);
      if (logs.length > 0 || waited >= ERROR_LOGS_WAIT) return logs;
      await delay(ERROR_LOGS_INTERVAL, undefined, signal === undefined ? {} : { signal: signal() });
    }
  }
}
