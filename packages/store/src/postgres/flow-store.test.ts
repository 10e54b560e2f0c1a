import { createTestDatabase, type TestDatabase } from '@tiercel/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { FlowBatch, FlowBatchOutcome, FlowStore, FlowWrite } from '../ports/flow-store.ts';
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

  describe('many writes at once', () => {
    const batch = (change: Partial<FlowBatch>): Promise<FlowBatchOutcome> =>
      flows.writeAll({ tenant, writes: [], deletes: [], ...change });
    const shown = (outcome: FlowBatchOutcome): unknown =>
      outcome.kind === 'stale'
        ? outcome.flow.id
        : Object.fromEntries(
            (['deleted', 'written', 'changed'] as const).map((part) => [
              part,
              outcome[part].map(({ namespace, id, revision }) => `${namespace}/${id}@${revision}`),
            ]),
          );

    test('create, update, keep and delete; a new creation goes on counting', async () => {
      for (const id of ['kept', 'old', 'gone']) await flows.create(write(id));
      await flows.create(write('elsewhere', { namespace: 'company.team' }));
      await flows.delete(tenant, 'company', 'gone');
      const writes = [write('new'), write('old', { source: 'id: old\nx: 1\n' }), write('gone'), write('kept')];
      expect(shown(await batch({ writes, deletes: [{ namespace: 'company.team', id: 'elsewhere' }] }))).toEqual({
        deleted: ['company.team/elsewhere@2'],
        written: ['company/new@1', 'company/old@2', 'company/gone@3', 'company/kept@1'],
        changed: ['company/new@1', 'company/old@2', 'company/gone@3'],
      });
      expect(await names({})).toEqual(['company/gone', 'company/kept', 'company/new', 'company/old']);
      expect((await flows.revisions(tenant, 'company', 'gone')).map(({ deleted }) => deleted)).toEqual([
        false,
        true,
        false,
      ]);
    });

    test('what is not written is deleted: of one namespace, or everywhere', async () => {
      for (const namespace of ['company', 'company.team', 'other'])
        for (const id of ['a', 'b']) await flows.create(write(id, { namespace }));
      const writes = [write('a')];
      expect(shown(await batch({ writes, deleteOthers: { namespace: 'company' } }))).toMatchObject({
        deleted: ['company/b@2'],
        changed: [],
      });
      expect(await names({})).toHaveLength(5);
      await batch({ writes, deleteOthers: 'all' });
      expect(await names({})).toEqual(['company/a']);
    });

    test('nothing is written when one flow is not as it is supposed to be', async () => {
      await flows.create(write('a'));
      await flows.update(write('a', { source: 'id: a\nx: 1\n' }));
      const next = { ...write('a', { source: 'id: a\nx: 2\n' }), from: 1 };
      expect(shown(await batch({ writes: [write('b'), next] }))).toBe('a');
      expect(shown(await batch({ writes: [write('b'), { ...write('c'), from: 1 }] }))).toBe('c');
      const deletes = [
        { namespace: 'company', id: 'a' },
        { namespace: 'company', id: 'absent' },
      ];
      expect(shown(await batch({ writes: [write('b')], deletes }))).toBe('absent');
      await expect(batch({ writes: [write('b'), write('x', { namespace: 'nul\u0000' })] })).rejects.toMatchObject({
        code: 'bad-data',
      });
      expect(await names({})).toEqual(['company/a']);
      expect(shown(await batch({ writes: [{ ...next, from: 2 }] }))).toMatchObject({ changed: ['company/a@3'] });
    });

    test('a thousand and more', async () => {
      const many = Array.from({ length: 1100 }, (_, i) => write(`f${i}`));
      const first = await batch({ writes: many });
      expect(first.kind === 'written' && first.written.map(({ id }) => id)).toEqual(many.map(({ id }) => id));
      const sequences = first.kind === 'written' ? first.written.map(({ sequence }) => sequence) : [];
      expect(new Set(sequences).size).toBe(1100);
      expect(shown(await batch({ writes: many }))).toMatchObject({ changed: [] });
      const last = await batch({ deleteOthers: 'all' });
      expect(last.kind === 'written' && last.deleted).toHaveLength(1100);
      expect(await flows.namespaces(tenant)).toEqual([]);
    });
  });

  test('sources are searched by words that all must occur, case ignored', async () => {
    await flows.create(write('a', { source: 'id: a\nmessage: Größe 100% of A_B\n' }));
    await flows.create(write('b', { source: 'id: b\nmessage: groesse of AxB\n', namespace: 'company.team' }));
    await flows.create(write('gone', { source: 'id: gone\nmessage: of\n' }));
    await flows.delete(tenant, 'company', 'gone');
    await flows.update(write('a', { source: 'id: a\nmessage: größe 100% of A_B\nlabels: {x: y}\n' }));
    const found = async (filter: Partial<Parameters<FlowStore['searchSources']>[0]>): Promise<string[]> =>
      (await flows.searchSources({ tenant, ...filter }, page, [])).results.map(({ id }) => id);
    expect(await found({})).toEqual(['a', 'b']);
    expect(await found({ q: 'OF message' })).toEqual(['a', 'b']);
    expect(await found({ q: 'a_b' })).toEqual(['a']);
    expect(await found({ q: 'größe' })).toEqual(['a']);
    expect(await found({ q: 'of', namespace: 'company.team' })).toEqual(['b']);
    const second = await flows.searchSources({ tenant, q: 'of' }, { page: 2, size: 1 }, [
      { field: 'id', descending: true },
    ]);
    expect(second.total).toBe(2);
    expect(second.results).toEqual([await flows.get(tenant, 'company', 'a')]);
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
