import type { KvEntry, KvStore } from '@tiercel/store';
import { type KvValue, type TaskKv, TaskFailure } from '@tiercel/plugin-kit';

const KEY = /^[a-zA-Z0-9][a-zA-Z0-9._-]*$/;

/** The key-value store as one flow sees it (execution-semantics.md §13.5). */
export class FlowKv implements TaskKv {
  readonly #store: KvStore;
  readonly #tenant: string;
  readonly #namespace: string;

  constructor(store: KvStore, tenant: string, namespace: string) {
    this.#store = store;
    this.#tenant = tenant;
    this.#namespace = namespace;
  }

  async get(key: string, namespace?: string): Promise<KvValue | undefined> {
    const entry = await this.entry(key, namespace);
    return entry === undefined ? undefined : { type: entry.type, value: entry.value };
  }

  async set(
    key: string,
    value: KvValue,
    options: { namespace?: string; ttl?: number; overwrite?: boolean } = {},
  ): Promise<void> {
    checkKey(key);
    const namespace = await this.#allowed(options.namespace);
    const outcome = await this.#store.put(this.#tenant, namespace, {
      key,
      ...value,
      ...(options.ttl === undefined ? {} : { ttl: options.ttl }),
      ...(options.overwrite === undefined ? {} : { overwrite: options.overwrite }),
    });
    if (outcome === 'exists') {
      throw new TaskFailure(
        `Cannot set value for key '${key}' in namespace '${namespace}': it exists and \`overwrite\` is set to false`,
      );
    }
  }

  async delete(key: string, namespace?: string): Promise<boolean> {
    checkKey(key);
    return this.#store.delete(this.#tenant, await this.#allowed(namespace), key);
  }

  async keys(prefix?: string, namespace?: string): Promise<readonly string[]> {
    const entries = await this.#store.list(this.#tenant, await this.#allowed(namespace), prefix);
    return entries.map((entry) => entry.key);
  }

  /** The living entry; undefined when there is none. Fails when it has expired. */
  async entry(key: string, namespace?: string): Promise<KvEntry | undefined> {
    checkKey(key);
    const entry = await this.#store.get(this.#tenant, await this.#allowed(namespace), key);
    if (entry === 'expired') throw new TaskFailure('The requested value has expired');
    return entry;
  }

  /** The own namespace and those above it always; another one must exist. */
  async #allowed(wanted: string | undefined): Promise<string> {
    if (wanted === undefined || wanted === '') return this.#namespace;
    if (this.#namespace === wanted || this.#namespace.startsWith(`${wanted}.`)) return wanted;
    if (await this.#store.namespaceExists(this.#tenant, wanted)) return wanted;
    throw new TaskFailure(`The namespace '${wanted}' does not exist`);
  }
}

function checkKey(key: string): void {
  if (KEY.test(key)) return;
  throw new TaskFailure(
    `'${key}' is no valid key: letters, digits, '.', '_' and '-' are allowed, and it begins with a letter or a digit`,
  );
}
