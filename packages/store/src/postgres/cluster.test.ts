import { createTestDatabase, type TestDatabase } from '@tiercel/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checkDatabase, checkEncryptionKey, clusterId, livingMessaging } from './cluster.ts';
import { createExecutionStore } from './execution-store.ts';

describe('what a database says of its cluster', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await createTestDatabase();
  });
  afterAll(() => db.close());
  beforeEach(() => db.database.query('DELETE FROM cluster; DELETE FROM members').then(() => undefined));

  test('one id for all who ask, also at the same time', async () => {
    const ids = await Promise.all(Array.from({ length: 8 }, () => clusterId(db.database)));
    expect(new Set(ids).size).toBe(1);
    expect(await clusterId(db.database)).toBe(ids[0]);
  });

  test('a copy of a database is a cluster of its own', async () => {
    const id = await clusterId(db.database);
    await db.database.query(`UPDATE cluster SET home = 'elsewhere'`);
    const copy = await clusterId(db.database);
    expect(copy).not.toBe(id);
    expect(await clusterId(db.database)).toBe(copy);
  });

  test('the first encryption key is the only one', async () => {
    await clusterId(db.database);
    await checkEncryptionKey(db.database, 'a');
    await checkEncryptionKey(db.database, 'a');
    await expect(checkEncryptionKey(db.database, 'b')).rejects.toThrow(/TIERCEL_ENCRYPTION_KEY/);
  });

  test('which queues the living use', async () => {
    const store = createExecutionStore(db.database);
    await store.announce({ id: 'a', service: 'executor', messaging: 'one' }, 5_000);
    await store.announce({ id: 'b', service: 'worker', messaging: 'one' }, 5_000);
    await store.announce({ id: 'c', service: 'worker' }, 5_000);
    expect(await livingMessaging(db.database, 5_000)).toEqual(['one']);
    await store.announce({ id: 'b', service: 'worker', messaging: 'two' }, 5_000);
    expect([...(await livingMessaging(db.database, 5_000))].toSorted()).toEqual(['one', 'two']);
    await db.database.query(`UPDATE members SET seen_at = seen_at - interval '10 seconds' WHERE id = 'b'`);
    expect(await livingMessaging(db.database, 5_000)).toEqual(['one']);
  });

  test('what most of the living use comes first, then what the oldest uses', async () => {
    const store = createExecutionStore(db.database);
    const announce = (id: string, messaging: string) => store.announce({ id, service: 'worker', messaging }, 5_000);
    await announce('worker-0B', 'one');
    await announce('gateway-0a', 'two');
    expect(await livingMessaging(db.database, 5_000)).toEqual(['one', 'two']);
    await announce('worker-0A', 'two');
    await announce('worker-0C', 'one');
    expect(await livingMessaging(db.database, 5_000)).toEqual(['two', 'one']);
    await announce('worker-0D', 'one');
    expect(await livingMessaging(db.database, 5_000)).toEqual(['one', 'two']);
  });

  test('this server is fit', () => checkDatabase(db.database));
});
