/** An entry of the key-value store (rest-api.md §9.2). Dates in ms since 1970. */
export interface KvEntry {
  readonly key: string;
  readonly type: 'STRING' | 'NUMBER' | 'BOOLEAN' | 'DATETIME' | 'DATE' | 'DURATION' | 'JSON';
  readonly value: unknown;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly expiresAt?: number;
}

export type KvWrite = Pick<KvEntry, 'key' | 'type' | 'value'> & {
  /** ms from now until it expires. */
  readonly ttl?: number;
  /** Default true; false makes `put` answer 'exists' when there is a living entry. */
  readonly overwrite?: boolean;
};

export interface KvStore {
  /** Undefined when there is none; an expired entry is answered once as 'expired' and removed. */
  get(tenant: string, namespace: string, key: string): Promise<KvEntry | 'expired' | undefined>;
  put(tenant: string, namespace: string, write: KvWrite): Promise<'written' | 'exists'>;
  /** True when there was one. */
  delete(tenant: string, namespace: string, key: string): Promise<boolean>;
  /** Removes several; answers those that there were. */
  deleteAll(tenant: string, namespace: string, keys: readonly string[]): Promise<readonly string[]>;
  /** Living entries by key, without expired ones. */
  list(tenant: string, namespace: string, prefix?: string): Promise<readonly KvEntry[]>;
  /** Whether a namespace has flows, sub-namespaces or keys (execution-semantics.md §13.5). */
  namespaceExists(tenant: string, namespace: string): Promise<boolean>;
}
