import { createTestDatabase, type TestDatabase } from '@tiercel/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { FlowStore, FlowWrite } from '../ports/flow-store.ts';
import { createFlowStore } from './flow-store.ts';

describe('flow store on PostgreSQL', () => {
  let db: TestDatabase;
  let flows: FlowStore;
  let tenant = '';
  let count = 0;
  const write = (id: string, change: Partial<FlowWrite> = {}): FlowWrite => ({
    tenant,
    namespace: 'company',
    id,
    source: `id: ${id}\n`,
    disabled: false,
    labels: [],
    ...change,
  });
  const page = { page: 1, size: 100 };
  const names = async (filter: Partial<Parameters<FlowStore['search']>[0]>): Promise<string[]> =>
    (await flows.search({ tenant, ...filter }, page, [])).results.map((flow) => `${flow.namespace}/${flow.id}`);

  beforeAll(async () => {
    db = await createTestDatabase();
    flows = createFlowStore(db.database);
  });
  afterAll(() => db.close());
  beforeEach(() => {
    tenant = `tenant${count++}`;
  });

  test('what was written comes back byte for byte', async () => {
    const source = 'id: a\r\n# ü 🦅\n\ttabs  \n\n';
    const before = Date.now();
    const made = await flows.create(
      write('a', { source, description: 'd', labels: [{ key: 'k', value: 'v' }], disabled: true }),
    );
    expect(made).toMatchObject({
      revision: 1,
      source,
      description: 'd',
      labels: [{ key: 'k', value: 'v' }],
      disabled: true,
      deleted: false,
    });
    if (made === 'exists') throw new Error('it is new');
    expect(Math.abs(made.updatedAt - before)).toBeLessThan(60_000);
    expect(await flows.get(tenant, 'company', 'a')).toEqual(made);
    const plain = await flows.create(write('b'));
    expect(plain).not.toHaveProperty('description');
  });

  test('dates are right whatever time zone the server is in', async () => {
    const made = await flows.create(write('a'));
    if (made === 'exists') throw new Error('it is new');
    const [row] = await db.database.query<{ ms: number }>(
      `SELECT floor(extract(epoch FROM updated_at) * 1000)::float8 AS ms FROM flows WHERE tenant = $1`,
      [tenant],
    );
    expect(made.updatedAt).toBe(row!.ms);
  });

  test('revisions: same source keeps one, a change adds one, deletion adds one, a new creation goes on counting', async () => {
    await flows.create(write('a'));
    expect(await flows.create(write('a'))).toBe('exists');
    expect(await flows.update(write('a'))).toMatchObject({ revision: 1 });
    expect(await flows.update(write('a', { source: 'id: a\nrevision: 7\n' }))).toMatchObject({
      revision: 1,
      source: 'id: a\n',
    });
    expect(await flows.update(write('a', { source: 'id: a\nx: 1\n' }))).toMatchObject({ revision: 2 });
    expect(await flows.delete(tenant, 'company', 'a')).toMatchObject({
      revision: 3,
      deleted: true,
      source: 'id: a\nx: 1\n',
    });
    expect(await flows.delete(tenant, 'company', 'a')).toBeUndefined();
    expect(await flows.update(write('a'))).toBe('absent');
    expect(await flows.get(tenant, 'company', 'a')).toBeUndefined();
    expect(await flows.get(tenant, 'company', 'a', { allowDeleted: true })).toMatchObject({ revision: 3 });
    expect(await flows.get(tenant, 'company', 'a', { revision: 3 })).toMatchObject({ deleted: true });
    expect(await flows.create(write('a'))).toMatchObject({ revision: 4, deleted: false });
    expect((await flows.revisions(tenant, 'company', 'a')).map((flow) => flow.revision)).toEqual([1, 2, 3, 4]);
    expect(await flows.get(tenant, 'company', 'a', { revision: 1 })).toMatchObject({ revision: 1 });
    expect(await flows.get(tenant, 'company', 'a', { revision: 9 })).toBeUndefined();
    expect(await flows.update(write('absent'))).toBe('absent');
    expect(await flows.revisions(tenant, 'company', 'absent')).toEqual([]);
  });

  test('of many that create the same flow at once one does; updates at once get revisions of their own', async () => {
    const created = await Promise.all(Array.from({ length: 8 }, () => flows.create(write('a'))));
    expect(created.filter((outcome) => outcome !== 'exists')).toHaveLength(1);
    const updated = await Promise.all(
      Array.from({ length: 8 }, (_, i) => flows.update(write('a', { source: `id: a\nn: ${i}\n` }))),
    );
    expect(updated.map((flow) => (flow === 'absent' ? 0 : flow.revision)).toSorted((a, b) => a - b)).toEqual([
      2, 3, 4, 5, 6, 7, 8, 9,
    ]);
  });

  test('what changed since a sequence number is answered in order, deletions too, and nothing is skipped', async () => {
    const first = await flows.create(write('a'));
    if (first === 'exists') throw new Error('it is new');
    await Promise.all(['b', 'c', 'd'].map((id) => flows.create(write(id))));
    await flows.delete(tenant, 'company', 'a');
    const changed = await flows.changedSince(first.sequence, 10);
    expect(changed.map((flow) => flow.id).toSorted()).toEqual(['a', 'b', 'c', 'd']);
    expect(changed.at(-1)).toMatchObject({ id: 'a', deleted: true });
    expect(changed.map((flow) => flow.sequence)).toEqual(
      changed.map((flow) => flow.sequence).toSorted((a, b) => a - b),
    );
    expect(await flows.changedSince(first.sequence, 2)).toEqual(changed.slice(0, 2));
    expect(await flows.changedSince(changed.at(-1)!.sequence, 10)).toEqual([]);
  });

  test('a search filters by namespace, text, labels and scope', async () => {
    for (const [namespace, id] of [
      ['a_b', 'one'],
      ['a_b.c', 'two'],
      ['axb', 'three'],
      ['a_bc', 'four'],
      ['system', 'five'],
    ] as const) {
      await flows.create(
        write(id, {
          namespace,
          labels: [
            { key: 'team', value: id },
            { key: 'all', value: 'x' },
          ],
        }),
      );
    }
    await flows.create(write('gone', { namespace: 'a_b' }));
    await flows.delete(tenant, 'a_b', 'gone');
    expect(await names({})).toEqual(['a_b/one', 'a_b.c/two', 'a_bc/four', 'axb/three', 'system/five']);
    expect(await names({ namespace: 'a_b' })).toEqual(['a_b/one', 'a_b.c/two']);
    expect(await names({ q: 'TWO' })).toEqual(['a_b.c/two']);
    expect(await names({ q: 'a_b one' })).toEqual(['a_b/one']);
    expect(await names({ q: '*' })).toHaveLength(5);
    expect(
      await names({
        labels: [
          { key: 'team', value: 'two' },
          { key: 'all', value: 'x' },
        ],
      }),
    ).toEqual(['a_b.c/two']);
    expect(await names({ labels: [{ key: 'team', value: 'x' }] })).toEqual([]);
    expect(await names({ scope: ['SYSTEM'] })).toEqual(['system/five']);
    expect(await names({ scope: ['USER'] })).toHaveLength(4);
    expect(await names({ scope: ['USER', 'SYSTEM'] })).toHaveLength(5);
    expect(await names({ scope: ['SYSTEM'], systemNamespace: 'axb' })).toEqual(['axb/three']);
  });

  test('a search pages, counts all matches and sorts by known keys only', async () => {
    for (const id of ['a', 'c', 'b']) await flows.create(write(id));
    const descending = [{ field: 'id', descending: true }];
    const second = await flows.search({ tenant }, { page: 2, size: 2 }, descending);
    expect(second).toMatchObject({ total: 3, results: [{ id: 'a' }] });
    expect(await flows.search({ tenant }, { page: 9, size: 2 }, descending)).toEqual({ total: 3, results: [] });
    await expect(flows.search({ tenant }, page, [{ field: 'source', descending: false }])).rejects.toMatchObject({
      code: 'bad-data',
    });
  });

  test('lists by namespace, and namespaces by prefix', async () => {
    for (const namespace of ['b', 'a.x', 'a_x']) await flows.create(write('f', { namespace }));
    await flows.create(write('e', { namespace: 'b' }));
    expect((await flows.list(tenant, 'b')).map((flow) => flow.id)).toEqual(['e', 'f']);
    expect(await flows.list(tenant)).toHaveLength(4);
    expect(await flows.namespaces(tenant)).toEqual(['a.x', 'a_x', 'b']);
    expect(await flows.namespaces(tenant, 'a.')).toEqual(['a.x']);
  });

  test("errors are the store's own", async () => {
    await expect(flows.create(write('a', { namespace: 'nul\u0000' }))).rejects.toMatchObject({
      name: 'StoreError',
      code: 'bad-data',
    });
    await expect(flows.update(write('a', { source: 'nul\u0000' }))).resolves.toBe('absent');
  });
});
