import { createTestDatabase, type TestDatabase } from '@tiercel/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { KvStore } from '../ports/kv-store.ts';
import { createFlowStore } from './flow-store.ts';
import { createKvStore } from './kv-store.ts';

describe('key-value store on PostgreSQL', () => {
  let db: TestDatabase;
  let kv: KvStore;
  let namespace = '';
  let count = 0;
  const T = 'main';
  const past = (): Promise<unknown> =>
    db.database.query(`UPDATE kv_entries SET expires_at = now() - interval '1 second' WHERE expires_at IS NOT NULL`);

  beforeAll(async () => {
    db = await createTestDatabase();
    kv = createKvStore(db.database);
  });
  afterAll(() => db.close());
  beforeEach(() => {
    namespace = `ns${count++}`;
  });

  test.each([
    ['STRING', 'grüße'],
    ['NUMBER', 1.5],
    ['NUMBER', 0],
    ['BOOLEAN', false],
    ['DATETIME', '2026-05-02T01:02:03Z'],
    ['JSON', { a: [1, null, { b: 'x' }] }],
    ['JSON', null],
  ] as const)('a value comes back with its type: %s %j', async (type, value) => {
    expect(await kv.put(T, namespace, { key: 'k', type, value })).toBe('written');
    const entry = await kv.get(T, namespace, 'k');
    expect(entry).toMatchObject({ key: 'k', type, value });
    expect(entry).not.toHaveProperty('expiresAt');
  });

  test('an absent key is undefined; keys belong to their tenant and namespace', async () => {
    await kv.put(T, namespace, { key: 'k', type: 'NUMBER', value: 1 });
    expect(await kv.get(T, namespace, 'other')).toBeUndefined();
    expect(await kv.get('other', namespace, 'k')).toBeUndefined();
    expect(await kv.get(T, `${namespace}.sub`, 'k')).toBeUndefined();
  });

  test('a write replaces value and expiry, keeps the creation date and moves the update date', async () => {
    await kv.put(T, namespace, { key: 'k', type: 'NUMBER', value: 1, ttl: 60_000 });
    await db.database
      .query(`UPDATE kv_entries SET created_at = created_at - interval '1 hour', updated_at = updated_at - interval '1 hour'
      WHERE namespace = '${namespace}'`);
    const before = await kv.get(T, namespace, 'k');
    if (before === undefined || before === 'expired') throw new Error('it was there');
    expect(before.expiresAt).toBeGreaterThan(Date.now());
    await kv.put(T, namespace, { key: 'k', type: 'STRING', value: 'x' });
    const after = await kv.get(T, namespace, 'k');
    if (after === undefined || after === 'expired') throw new Error('it is there');
    expect(after).toMatchObject({ type: 'STRING', value: 'x', createdAt: before.createdAt });
    expect(after.updatedAt).toBeGreaterThan(before.updatedAt);
    expect(after.expiresAt).toBeUndefined();
  });

  test('without overwrite a living entry stays, an expired one gives way', async () => {
    expect(await kv.put(T, namespace, { key: 'k', type: 'NUMBER', value: 1, ttl: 60_000, overwrite: false })).toBe(
      'written',
    );
    expect(await kv.put(T, namespace, { key: 'k', type: 'NUMBER', value: 2, overwrite: false })).toBe('exists');
    expect(await kv.get(T, namespace, 'k')).toMatchObject({ value: 1 });
    await past();
    expect(await kv.put(T, namespace, { key: 'k', type: 'NUMBER', value: 3, overwrite: false })).toBe('written');
    expect(await kv.get(T, namespace, 'k')).toMatchObject({ value: 3 });
  });

  test('an expired entry is answered as expired once, also to two readers at once, and is hidden from lists', async () => {
    await kv.put(T, namespace, { key: 'k', type: 'NUMBER', value: 1, ttl: 60_000 });
    await past();
    expect(await kv.list(T, namespace)).toEqual([]);
    const other = createKvStore(db.database);
    const answers = await Promise.all([kv, other, kv, other].map((store) => store.get(T, namespace, 'k')));
    expect(answers.filter((answer) => answer === 'expired')).toHaveLength(1);
    expect(answers.filter((answer) => answer === undefined)).toHaveLength(3);
    expect(await kv.get(T, namespace, 'k')).toBeUndefined();
  });

  test('delete says whether there was one; deleteAll which ones', async () => {
    for (const key of ['a', 'b', 'c']) await kv.put(T, namespace, { key, type: 'STRING', value: key });
    expect(await kv.delete(T, namespace, 'a')).toBe(true);
    expect(await kv.delete(T, namespace, 'a')).toBe(false);
    expect((await kv.deleteAll(T, namespace, ['a', 'b', 'c', 'd'])).toSorted()).toEqual(['b', 'c']);
  });

  test('lists in order of keys, by prefix without wildcards', async () => {
    for (const key of ['b_1', 'bx1', 'a', 'b_2']) await kv.put(T, namespace, { key, type: 'STRING', value: key });
    expect((await kv.list(T, namespace)).map((entry) => entry.key)).toEqual(['a', 'b_1', 'b_2', 'bx1']);
    expect((await kv.list(T, namespace, 'b_')).map((entry) => entry.key)).toEqual(['b_1', 'b_2']);
  });

  test('many writes and reads at once, of the same key too: each is answered for itself', async () => {
    const keys = Array.from({ length: 300 }, (_, i) => `k${i % 100}`);
    const writes = await Promise.all(keys.map((key, i) => kv.put(T, namespace, { key, type: 'NUMBER', value: i })));
    expect(new Set(writes)).toEqual(new Set(['written']));
    const entries = await Promise.all(keys.map((key) => kv.get(T, namespace, key)));
    entries.forEach((entry, i) => expect(entry).toMatchObject({ key: keys[i] }));
    const once = await Promise.all(
      Array.from({ length: 20 }, () =>
        kv.put(T, namespace, { key: 'new', type: 'NUMBER', value: 1, overwrite: false }),
      ),
    );
    expect(once.filter((outcome) => outcome === 'written')).toHaveLength(1);
  });

  test('a key that cannot be stored fails alone', async () => {
    const [bad, good] = await Promise.allSettled([
      kv.get(T, namespace, 'nul\u0000'),
      kv.put(T, namespace, { key: 'k', type: 'JSON', value: { 'a\u0000': 'b\ud800' } }),
    ]);
    expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'bad-data' } });
    expect(good).toMatchObject({ status: 'fulfilled', value: 'written' });
    expect(await kv.get(T, namespace, 'k')).toMatchObject({ value: { 'a\uFFFD': 'b\uFFFD' } });
  });

  test('a namespace exists when it, or one below, has keys or flows', async () => {
    expect(await kv.namespaceExists(T, namespace)).toBe(false);
    await kv.put(T, `${namespace}x`, { key: 'k', type: 'NUMBER', value: 1 });
    expect(await kv.namespaceExists(T, namespace)).toBe(false);
    await kv.put(T, `${namespace}.sub`, { key: 'k', type: 'NUMBER', value: 1, ttl: 60_000 });
    expect(await kv.namespaceExists(T, namespace)).toBe(true);
    await past();
    expect(await kv.namespaceExists(T, namespace)).toBe(false);
    const flows = createFlowStore(db.database);
    await flows.create({
      tenant: T,
      namespace: `${namespace}.sub.deep`,
      id: 'f',
      source: 'id: f',
      disabled: false,
      labels: [],
    });
    expect(await kv.namespaceExists(T, `${namespace}.sub`)).toBe(true);
    expect(await kv.namespaceExists('other', namespace)).toBe(false);
    await flows.delete(T, `${namespace}.sub.deep`, 'f');
    expect(await kv.namespaceExists(T, namespace)).toBe(false);
  });
});
