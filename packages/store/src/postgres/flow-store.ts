import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient, type Flow, type Prisma } from '../generated/client.ts';
import { StoreError } from '../ports/execution-store.ts';
import type { Page, PageOf, Sort } from '../ports/execution-queries.ts';
import type { FlowFilter, FlowStore, FlowWrite, StoredFlow } from '../ports/flow-store.ts';
import { isAnything } from '../ports/free-text.ts';
import { boundedWords } from './conditions.ts';
import { classify, type Database } from './database.ts';
import { latestOf, rowOf, toStored, withoutRevision, writeBatch, type Transaction } from './flow-batch.ts';
import { searchSources } from './flow-sources.ts';
import { storableText } from './rows.ts';

// Writers of flows take turns, so that sequence numbers become visible in their order and `changedSince` skips none.
const WRITE_LOCK = 0x7e1ce2;

/** How long a write of thousands of flows may take, ms. */
const BATCH_TIMEOUT = 60_000;

const SORT_KEYS: ReadonlySet<string> = new Set(['id', 'namespace']);

/** What is in a namespace or below it. '/' follows '.' in byte order; LIKE would take `_` for a wildcard. */
const within = (namespace: string): Prisma.FlowWhereInput => ({
  OR: [{ namespace }, { namespace: { gt: `${namespace}.`, lt: `${namespace}/` } }],
});

const containing = (part: string): Prisma.FlowWhereInput => ({
  OR: [{ namespace: { contains: part, mode: 'insensitive' } }, { id: { contains: part, mode: 'insensitive' } }],
});

function scopeFilter({ scope = [], systemNamespace = 'system' }: FlowFilter): Prisma.FlowWhereInput | undefined {
  const user = scope.includes('USER');
  const system = scope.includes('SYSTEM');
  if (user === system) return undefined;
  return system ? { namespace: systemNamespace } : { namespace: { not: systemNamespace } };
}

/** Flows whose names have every word; a text without words (`%`) is in none, and cannot delete all. */
function textFilter(q: string): Prisma.FlowWhereInput[] {
  const words = boundedWords(q, 'names');
  if (words.length === 0) return isAnything(q) ? [] : [{ id: { in: [] } }];
  return words.map(containing);
}

function whereOf(filter: FlowFilter): Prisma.FlowWhereInput {
  const scope = scopeFilter(filter);
  return {
    tenant: filter.tenant,
    latest: true,
    deleted: false,
    AND: [
      ...(filter.q === undefined ? [] : textFilter(filter.q)),
      ...(filter.labels ?? []).map(({ key, value }) => ({ labels: { array_contains: [{ key, value }] } })),
      ...(filter.namespace === undefined ? [] : [within(filter.namespace)]),
      ...(scope === undefined ? [] : [scope]),
    ],
  };
}

function orderOf(sort: readonly Sort[]): Prisma.FlowOrderByWithRelationInput[] {
  const order = sort.map(({ field, descending }): Prisma.FlowOrderByWithRelationInput => {
    if (!SORT_KEYS.has(field)) throw new StoreError('bad-data', `flows cannot be sorted by '${field}'`);
    return { [field]: descending ? 'desc' : 'asc' };
  });
  const rest = ['namespace', 'id'].filter((key) => !sort.some(({ field }) => field === key));
  return [...order, ...rest.map((key) => ({ [key]: 'asc' }))];
}

/** Writes the revision that follows `last`. */
async function append(tx: Transaction, last: Flow | null, write: FlowWrite, deleted: boolean): Promise<StoredFlow> {
  const { tenant, namespace, id } = write;
  if (last !== null)
    await tx.flow.updateMany({ where: { tenant, namespace, id, latest: true }, data: { latest: false } });
  const row = await tx.flow.create({ data: rowOf(write, last, deleted) });
  return toStored(row);
}

/** What Prisma throws, as the store's own error. The adapter keeps PostgreSQL's error as the cause. */
async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StoreError) throw error;
    const code = (error as { meta?: { driverAdapterError?: { cause?: { originalCode?: string } } } }).meta
      ?.driverAdapterError?.cause?.originalCode;
    throw classify(
      code === undefined ? error : Object.assign(new Error((error as Error).message, { cause: error }), { code }),
    );
  }
}

/** Flows and their revisions, through Prisma's model API: administration, not the path of executions. */
export function createFlowStore(db: Database): FlowStore {
  const prisma = new PrismaClient({ adapter: new PrismaPg(db.pool) });
  /** One writer at a time decides what the next revision is. */
  const writing = <T>(work: (tx: Transaction) => Promise<T>, timeout = 30_000): Promise<T> =>
    guarded(() =>
      prisma.$transaction(
        async (tx) => {
          await tx.$executeRaw`SELECT pg_advisory_xact_lock(${WRITE_LOCK})`;
          return work(tx);
        },
        { maxWait: 10_000, timeout },
      ),
    );
  const find = (query: Prisma.FlowFindManyArgs): Promise<readonly StoredFlow[]> =>
    guarded(async () => (await prisma.flow.findMany(query)).map(toStored));

  return {
    create: (write) =>
      writing(async (tx) => {
        const last = await latestOf(tx, write);
        return last !== null && !last.deleted ? 'exists' : append(tx, last, write, false);
      }),
    update: (write) =>
      writing(async (tx) => {
        const last = await latestOf(tx, write);
        if (last === null || last.deleted) return 'absent';
        const same = withoutRevision(last.source) === withoutRevision(storableText(write.source));
        return same ? toStored(last) : append(tx, last, write, false);
      }),
    delete: (tenant, namespace, id) =>
      writing(async (tx) => {
        const last = await latestOf(tx, { tenant, namespace, id });
        return last === null || last.deleted ? undefined : append(tx, last, toStored(last), true);
      }),
    writeAll: (batch) => writing((tx) => writeBatch(tx, batch), BATCH_TIMEOUT),
    searchSources: (filter, page, sort) => searchSources(db, filter, page, sort),
    get: async (tenant, namespace, id, { revision, allowDeleted = false } = {}) => {
      const which = revision === undefined ? { latest: true, ...(!allowDeleted && { deleted: false }) } : { revision };
      return (await find({ where: { tenant, namespace, id, ...which }, take: 1 }))[0];
    },
    revisions: (tenant, namespace, id) => find({ where: { tenant, namespace, id }, orderBy: { revision: 'asc' } }),
    search: (filter, page, sort) => guarded(() => search(prisma, filter, page, sort)),
    list: (tenant, namespace) =>
      find({
        where: { tenant, latest: true, deleted: false, ...(namespace !== undefined && { namespace }) },
        orderBy: [{ namespace: 'asc' }, { id: 'asc' }],
      }),
    namespaces: (tenant, prefix = '') =>
      guarded(async () => {
        // The prefix is compared here: there are few namespaces, and LIKE has wildcards.
        const where = { tenant, latest: true, deleted: false, namespace: { gte: prefix } };
        const rows = await prisma.flow.findMany({
          where,
          distinct: ['namespace'],
          select: { namespace: true },
          orderBy: { namespace: 'asc' },
        });
        return rows.map((row) => row.namespace).filter((namespace) => namespace.startsWith(prefix));
      }),
    changedSince: (sequence, limit) =>
      find({ where: { sequence: { gt: BigInt(sequence) } }, orderBy: { sequence: 'asc' }, take: limit }),
  };
}

async function search(
  prisma: PrismaClient,
  filter: FlowFilter,
  page: Page,
  sort: readonly Sort[],
): Promise<PageOf<StoredFlow>> {
  const where = whereOf(filter);
  const [rows, total] = await Promise.all([
    prisma.flow.findMany({ where, orderBy: orderOf(sort), skip: (page.page - 1) * page.size, take: page.size }),
    prisma.flow.count({ where }),
  ]);
  return { results: rows.map(toStored), total };
}
