import type { FlowRef, Label } from '@tiercel/model';
import type { Flow, Prisma } from '../generated/client.ts';
import type { FlowBatch, FlowBatchOutcome, FlowWrite, StoredFlow } from '../ports/flow-store.ts';
import { storableText } from './rows.ts';

export type Transaction = Prisma.TransactionClient;

/** Flows of one statement: its parameters are bounded. */
const AT_ONCE = 500;

/** Source lines that do not count as a change: revisions are the server's. */
export const withoutRevision = (source: string): string => source.replace(/^revision:.*\n?/gm, '');

export const toStored = (row: Flow): StoredFlow => ({
  tenant: row.tenant,
  namespace: row.namespace,
  id: row.id,
  revision: row.revision,
  source: row.source,
  disabled: row.disabled,
  deleted: row.deleted,
  labels: row.labels as unknown as readonly Label[],
  updatedAt: row.updatedAt.getTime(),
  sequence: Number(row.sequence),
  ...(row.description !== null && { description: row.description }),
});

/** The row of the revision that follows `last`. */
export const rowOf = (write: FlowWrite, last: Pick<Flow, 'revision'> | null, deleted: boolean) => ({
  tenant: write.tenant,
  namespace: write.namespace,
  id: write.id,
  revision: (last?.revision ?? 0) + 1,
  latest: true,
  disabled: write.disabled,
  deleted,
  labels: write.labels as unknown as Prisma.InputJsonArray,
  source: storableText(write.source),
  ...(write.description !== undefined && { description: storableText(write.description) }),
});

export const latestOf = (client: Transaction, { tenant, namespace, id }: FlowRef): Promise<Flow | null> =>
  client.flow.findFirst({ where: { tenant, namespace, id, latest: true } });

// Neither has a slash.
const keyOf = ({ namespace, id }: Omit<FlowRef, 'tenant'>): string => `${namespace}/${id}`;

const chunks = <T>(items: readonly T[]): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(items.length / AT_ONCE) }, (_, i) => items.slice(i * AT_ONCE, (i + 1) * AT_ONCE));

const distinct = (items: readonly string[]): string[] => [...new Set(items)];

/** Latest revisions, deleted ones too, by namespace and id; perhaps some others. Pairs in a condition would take Prisma seconds. */
async function latestRows(
  tx: Transaction,
  tenant: string,
  names: readonly Omit<FlowRef, 'tenant'>[],
): Promise<ReadonlyMap<string, Flow>> {
  const rows = new Map<string, Flow>();
  for (const some of chunks(names)) {
    const namespace = { in: distinct(some.map((name) => name.namespace)) };
    const id = { in: distinct(some.map((name) => name.id)) };
    for (const row of await tx.flow.findMany({ where: { tenant, latest: true, namespace, id } }))
      rows.set(keyOf(row), row);
  }
  return rows;
}

/** The living flows that a batch deletes because it does not write them. */
async function others(tx: Transaction, { tenant, writes, deleteOthers }: FlowBatch): Promise<readonly Flow[]> {
  if (deleteOthers === undefined) return [];
  const written = new Set(writes.map(keyOf));
  const where = { tenant, latest: true, deleted: false, ...(deleteOthers === 'all' ? {} : deleteOthers) };
  const found = await tx.flow.findMany({ where, orderBy: [{ namespace: 'asc' }, { id: 'asc' }] });
  return found.filter((row) => !written.has(keyOf(row)));
}

/** Puts revisions in place of the latest ones; three statements for each 500 flows. */
async function appendAll(
  tx: Transaction,
  tenant: string,
  rows: readonly ReturnType<typeof rowOf>[],
): Promise<ReadonlyMap<string, StoredFlow>> {
  const stored = new Map<string, StoredFlow>();
  for (const some of chunks(rows)) {
    const [namespaces, ids] = [some.map(({ namespace }) => namespace), some.map(({ id }) => id)];
    await tx.$executeRaw`
      UPDATE flows f SET latest = false
      FROM unnest(${namespaces}::text[], ${ids}::text[]) AS n (namespace, id)
      WHERE f.tenant = ${tenant} AND f.namespace = n.namespace AND f.id = n.id AND f.latest`;
    const made = await tx.flow.createManyAndReturn({ data: [...some] });
    for (const row of made) stored.set(keyOf(row), toStored(row));
  }
  return stored;
}

/** All writes of a batch, in the caller's transaction; nothing when one flow is not as the batch supposes. */
export async function writeBatch(tx: Transaction, batch: FlowBatch): Promise<FlowBatchOutcome> {
  const { tenant, writes, deletes } = batch;
  const last = await latestRows(tx, tenant, [...writes, ...deletes]);
  const living = (name: Omit<FlowRef, 'tenant'>): Flow | undefined => {
    const row = last.get(keyOf(name));
    return row?.deleted === false ? row : undefined;
  };
  const stale =
    deletes.find((name) => living(name) === undefined) ??
    writes.find((write) => write.from !== undefined && living(write)?.revision !== write.from);
  if (stale !== undefined) return { kind: 'stale', flow: { tenant, namespace: stale.namespace, id: stale.id } };

  const gone = [...(await others(tx, batch)), ...deletes.map((name) => living(name)!)];
  const changes = writes.filter((write) => {
    const present = living(write);
    return present === undefined || withoutRevision(present.source) !== withoutRevision(storableText(write.source));
  });
  const deleted = await appendAll(
    tx,
    tenant,
    gone.map((row) => rowOf(toStored(row), row, true)),
  );
  const changed = await appendAll(
    tx,
    tenant,
    changes.map((write) => rowOf({ ...write, tenant }, last.get(keyOf(write)) ?? null, false)),
  );
  return {
    kind: 'written',
    deleted: [...deleted.values()],
    written: writes.map((write) => changed.get(keyOf(write)) ?? toStored(living(write)!)),
    changed: [...changed.values()],
  };
}
