import type { FlowBatch, FlowBatchOutcome, FlowStore, FlowWrite, StoredFlow } from '@tiercel/store';

/** Flows in memory, with what a test needs to look at and to hold up. */
export interface MemoryFlowStore extends FlowStore {
  /** Reads of single flows so far. */
  readonly reads: number;
  readonly checks: number;
  /** Reads wait for this while it is set. */
  gate: Promise<void> | undefined;
  failing: boolean;
}

/** Source lines that do not count as a change. */
const withoutRevision = (source: string): string => source.replace(/^revision:.*\n?/m, '');

/** This namespace or one below it; without one, all. */
const isWithin = ({ namespace }: StoredFlow, wanted: string | undefined): boolean =>
  wanted === undefined || namespace === wanted || namespace.startsWith(`${wanted}.`);

const hasLabels = ({ labels }: StoredFlow, wanted: StoredFlow['labels'] = []): boolean =>
  wanted.every(({ key, value }) => labels.some((label) => label.key === key && label.value === value));

const pageOf = (
  found: readonly StoredFlow[],
  { page, size }: { readonly page: number; readonly size: number },
): { readonly results: readonly StoredFlow[]; readonly total: number } => ({
  results: found.slice((page - 1) * size, page * size),
  total: found.length,
});

/** The flow store's port over a list, for tests. Filters of searches: namespace, labels and free text only. */
export function createMemoryFlowStore(): MemoryFlowStore {
  const rows: StoredFlow[] = [];
  const counts = { reads: 0, checks: 0 };
  const of = (tenant: string, namespace: string, id: string): readonly StoredFlow[] =>
    rows.filter((row) => row.tenant === tenant && row.namespace === namespace && row.id === id);
  const latest = (tenant: string, namespace: string, id: string): StoredFlow | undefined =>
    of(tenant, namespace, id).at(-1);
  const append = (write: FlowWrite, deleted: boolean): StoredFlow => {
    const revision = (latest(write.tenant, write.namespace, write.id)?.revision ?? 0) + 1;
    const row = { ...write, revision, deleted, updatedAt: rows.length, sequence: rows.length + 1 };
    rows.push(row);
    return row;
  };
  const living = (tenant: string): readonly StoredFlow[] =>
    rows.filter((row) => row.tenant === tenant && !row.deleted && latest(tenant, row.namespace, row.id) === row);
  const writeAll = ({ tenant, writes, deletes, deleteOthers }: FlowBatch): FlowBatchOutcome => {
    const find = ({ namespace, id }: { readonly namespace: string; readonly id: string }): StoredFlow | undefined =>
      living(tenant).find((row) => row.namespace === namespace && row.id === id);
    const stale =
      deletes.find((name) => find(name) === undefined) ??
      writes.find((write) => write.from !== undefined && find(write)?.revision !== write.from);
    if (stale !== undefined) return { kind: 'stale', flow: { tenant, namespace: stale.namespace, id: stale.id } };
    const isOther = (row: StoredFlow): boolean =>
      deleteOthers !== undefined &&
      (deleteOthers === 'all' || row.namespace === deleteOthers.namespace) &&
      !writes.some(({ namespace, id }) => row.namespace === namespace && row.id === id);
    const gone = [...living(tenant).filter(isOther), ...deletes.map((name) => find(name)!)];
    const deleted = gone.map((row) => append(row, true));
    const changed: StoredFlow[] = [];
    const written = writes.map((write) => {
      const present = find(write);
      if (present !== undefined && withoutRevision(present.source) === withoutRevision(write.source)) return present;
      const row = append({ ...write, tenant }, false);
      changed.push(row);
      return row;
    });
    return { kind: 'written', deleted, written, changed };
  };
  const store: MemoryFlowStore = {
    gate: undefined,
    failing: false,
    get reads() {
      return counts.reads;
    },
    get checks() {
      return counts.checks;
    },
    create: async (write) => {
      const last = latest(write.tenant, write.namespace, write.id);
      return last !== undefined && !last.deleted ? 'exists' : append(write, false);
    },
    update: async (write) => {
      const last = latest(write.tenant, write.namespace, write.id);
      if (last === undefined || last.deleted) return 'absent';
      return withoutRevision(last.source) === withoutRevision(write.source) ? last : append(write, false);
    },
    async get(tenant, namespace, id, options = {}) {
      counts.reads += 1;
      if (store.failing) throw new Error('no store');
      const found =
        options.revision === undefined
          ? latest(tenant, namespace, id)
          : of(tenant, namespace, id).find((row) => row.revision === options.revision);
      await store.gate;
      if (found === undefined || options.revision !== undefined) return found;
      return found.deleted && options.allowDeleted !== true ? undefined : found;
    },
    revisions: async (tenant, namespace, id) => of(tenant, namespace, id),
    delete: async (tenant, namespace, id) => {
      const last = latest(tenant, namespace, id);
      return last === undefined || last.deleted ? undefined : append(last, true);
    },
    writeAll: async (batch) => writeAll(batch),
    search: async (filter, page) => {
      const found = living(filter.tenant).filter(
        (row) =>
          isWithin(row, filter.namespace) &&
          hasLabels(row, filter.labels) &&
          (filter.q === undefined || `${row.namespace} ${row.id}`.includes(filter.q)),
      );
      return pageOf(found, page);
    },
    searchSources: async ({ tenant, q = '', namespace }, page) => {
      const words = q.toLowerCase().split(/[^\p{L}\p{N}_]+/u);
      const found = living(tenant).filter(
        (row) => isWithin(row, namespace) && words.every((word) => row.source.toLowerCase().includes(word)),
      );
      return pageOf(found, page);
    },
    list: async (tenant, namespace) =>
      living(tenant).filter((row) => namespace === undefined || row.namespace === namespace),
    namespaces: async (tenant, prefix = '') =>
      [...new Set(living(tenant).map((row) => row.namespace))].filter((name) => name.startsWith(prefix)),
    changedSince: async (sequence, limit) => {
      counts.checks += 1;
      if (store.failing) throw new Error('no store');
      return rows.filter((row) => row.sequence > sequence).slice(0, limit);
    },
  };
  return store;
}

/** A write of a flow with one task. */
export const flowWrite = (id: string, extra = '', namespace = 'company.team'): FlowWrite => ({
  tenant: 'main',
  namespace,
  id,
  source: `id: ${id}\nnamespace: ${namespace}\n${extra}\ntasks:\n  - id: t\n    type: io.kestra.plugin.core.debug.Return\n`,
  disabled: false,
  labels: [],
});
