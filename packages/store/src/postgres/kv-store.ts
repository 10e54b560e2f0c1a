import { StoreError } from '../ports/execution-store.ts';
import type { KvEntry, KvStore, KvWrite } from '../ports/kv-store.ts';
import { Coalescer } from './coalesce.ts';
import type { Database, Statement } from './database.ts';
import { toJsonText } from './rows.ts';

interface KvKey {
  readonly tenant: string;
  readonly namespace: string;
  readonly key: string;
}

interface KvPut extends KvKey {
  readonly write: KvWrite;
}

interface KvRow {
  n: number;
  key: string;
  type: KvEntry['type'];
  value: unknown;
  created_at: Date;
  updated_at: Date;
  expires_at: Date | null;
  expired: boolean;
}

const KEYS = `unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS k(tenant, namespace, key, n)`;
const SAME_KEY = `e.tenant = k.tenant AND e.namespace = k.namespace AND e.key = k.key`;
const COLUMNS = `e.key, e.type, e.value, e.created_at, e.updated_at, e.expires_at`;

const GET: Statement = {
  name: 'kv_get',
  text: `SELECT k.n::int, ${COLUMNS}, coalesce(e.expires_at <= now(), false) AS expired FROM ${KEYS} JOIN kv_entries e ON ${SAME_KEY}`,
};

/** Whoever removes an expired entry is the one who is told that it had expired. */
const DELETE_EXPIRED: Statement = {
  name: 'kv_delete_expired',
  text: `DELETE FROM kv_entries e USING ${KEYS} WHERE ${SAME_KEY} AND e.expires_at <= now() RETURNING k.n::int`,
};

/** An expired entry is as good as none: it is overwritten in any case, and its creation is now. */
const PUT: Statement = {
  name: 'kv_put',
  text: `INSERT INTO kv_entries AS e (tenant, namespace, key, type, value, expires_at)
    SELECT r.tenant, r.namespace, r.key, r.type, coalesce(r.value, 'null'), now() + r.ttl * interval '1 millisecond'
    FROM json_to_recordset($1) AS r(tenant text, namespace text, key text, type text, value json, ttl float8, overwrite boolean)
    ORDER BY 1, 2, 3
    ON CONFLICT (tenant, namespace, key) DO UPDATE SET type = excluded.type, value = excluded.value, expires_at = excluded.expires_at,
      updated_at = now(), created_at = CASE WHEN e.expires_at <= now() THEN now() ELSE e.created_at END
    RETURNING e.tenant, e.namespace, e.key`,
};

const PUT_NEW: Statement = {
  name: 'kv_put_new',
  text: PUT.text.replace('RETURNING', 'WHERE e.expires_at <= now() RETURNING'),
};

const DELETE: Statement = {
  name: 'kv_delete',
  text: `DELETE FROM kv_entries WHERE tenant = $1 AND namespace = $2 AND key = ANY($3) RETURNING key, coalesce(expires_at <= now(), false) AS expired`,
};

const LIST: Statement = {
  name: 'kv_list',
  text: `SELECT ${COLUMNS} FROM kv_entries e WHERE e.tenant = $1 AND e.namespace = $2 AND starts_with(e.key, $3)
    AND (e.expires_at IS NULL OR e.expires_at > now()) ORDER BY e.key`,
};

// A namespace is there when something is in it or below it; '/' follows '.' in byte order.
const INSIDE = `tenant = $1 AND (namespace = $2 OR namespace > $2 || '.' AND namespace < $2 || '/')`;
const NAMESPACE_EXISTS: Statement = {
  name: 'namespace_exists',
  text: `SELECT EXISTS (SELECT 1 FROM flows WHERE latest AND NOT deleted AND ${INSIDE})
    OR EXISTS (SELECT 1 FROM kv_entries WHERE (expires_at IS NULL OR expires_at > now()) AND ${INSIDE}) AS found`,
};

const nameOf = (key: KvKey): string => `${key.tenant}\n${key.namespace}\n${key.key}`;

const toEntry = (row: KvRow): KvEntry => ({
  key: row.key,
  type: row.type,
  value: row.value,
  createdAt: row.created_at.getTime(),
  updatedAt: row.updated_at.getTime(),
  ...(row.expires_at !== null && { expiresAt: row.expires_at.getTime() }),
});

const columnsOf = (keys: readonly KvKey[]): readonly unknown[] => [
  keys.map((k) => k.tenant),
  keys.map((k) => k.namespace),
  keys.map((k) => k.key),
];

async function getEntries(db: Database, keys: readonly KvKey[]): Promise<readonly (KvEntry | 'expired' | undefined)[]> {
  const answers: (KvEntry | 'expired' | undefined)[] = keys.map(() => undefined);
  const expired: number[] = [];
  for (const row of await db.run<KvRow>(GET, columnsOf(keys))) {
    if (row.expired) expired.push(row.n - 1);
    else answers[row.n - 1] = toEntry(row);
  }
  if (expired.length === 0) return answers;
  const gone = await db.run<{ n: number }>(DELETE_EXPIRED, columnsOf(expired.map((n) => keys[n]!)));
  for (const row of gone) answers[expired[row.n - 1]!] = 'expired';
  return answers;
}

async function putEntries(db: Database, puts: readonly KvPut[]): Promise<readonly ('written' | 'exists')[]> {
  const written = new Set<string>();
  for (const overwrite of [true, false]) {
    const some = puts.filter((put) => (put.write.overwrite ?? true) === overwrite);
    if (some.length === 0) continue;
    const records = some.map(({ tenant, namespace, key, write }) => ({
      tenant,
      namespace,
      key,
      type: write.type,
      value: write.value ?? null,
      ttl: write.ttl,
    }));
    const rows = await db.run<{ tenant: string; namespace: string; key: string }>(overwrite ? PUT : PUT_NEW, [
      toJsonText(records),
    ]);
    for (const row of rows) written.add(nameOf(row));
  }
  return puts.map((put) => (written.has(nameOf(put)) ? 'written' : 'exists'));
}

const isBad = (error: unknown): boolean => error instanceof StoreError && error.code === 'bad-data';

/** The key-value store on PostgreSQL. Reads and writes that arrive together are joined into one statement. */
export function createKvStore(db: Database): KvStore {
  const batches = { maxBatch: 200, concurrency: 2, isBad, keyOf: nameOf };
  const gets = new Coalescer<KvKey, KvEntry | 'expired' | undefined>((keys) => getEntries(db, keys), batches);
  const puts = new Coalescer<KvPut, 'written' | 'exists'>((items) => putEntries(db, items), batches);
  const deleteAll = async (tenant: string, namespace: string, keys: readonly string[]): Promise<readonly string[]> => {
    const rows = await db.run<{ key: string; expired: boolean }>(DELETE, [tenant, namespace, keys]);
    return rows.filter((row) => !row.expired).map((row) => row.key);
  };
  return {
    get: async (tenant, namespace, key) => (await gets.add([{ tenant, namespace, key }]))[0],
    put: async (tenant, namespace, write) => (await puts.add([{ tenant, namespace, key: write.key, write }]))[0]!,
    delete: async (tenant, namespace, key) => (await deleteAll(tenant, namespace, [key])).length > 0,
    deleteAll,
    list: async (tenant, namespace, prefix = '') =>
      (await db.run<KvRow>(LIST, [tenant, namespace, prefix])).map(toEntry),
    namespaceExists: async (tenant, namespace) =>
      (await db.run<{ found: boolean }>(NAMESPACE_EXISTS, [tenant, namespace]))[0]!.found,
  };
}
