import type { Label } from '@tiercel/model';
import type { Page, PageOf, Sort } from '../ports/execution-queries.ts';
import type { SourceFilter, StoredFlow } from '../ports/flow-store.ts';
import { matchText, namespaceCondition, orderBy, Parameters } from './conditions.ts';
import type { Database } from './database.ts';

interface SourceRow {
  tenant: string;
  namespace: string;
  id: string;
  revision: number;
  source: string;
  disabled: boolean;
  deleted: boolean;
  description: string | null;
  labels: readonly Label[];
  updated_at: Date;
  sequence: number;
}

const toStored = ({ description, updated_at: updatedAt, ...row }: SourceRow): StoredFlow => ({
  ...row,
  updatedAt: updatedAt.getTime(),
  ...(description !== null && { description }),
});

const COLUMNS = 'tenant, namespace, id, revision, source, disabled, deleted, description, labels, updated_at, sequence';

/** Reads every source of a tenant, so it goes through the pool of searches and is given up after a while. */
export async function searchSources(
  db: Database,
  { tenant, q, namespace }: SourceFilter,
  page: Page,
  sort: readonly Sort[],
): Promise<PageOf<StoredFlow>> {
  const p = new Parameters();
  const where = [
    `tenant = ${p.add(tenant)} AND latest AND NOT deleted`,
    ...(q === undefined ? [] : matchText(p, q, ['source'])),
    ...(namespace === undefined ? [] : [namespaceCondition(p, 'namespace', namespace, false)]),
  ].join(' AND ');
  const order = orderBy(sort, { id: 'id', namespace: 'namespace' }, 'namespace, id');
  const counted = db.search<{ total: number }>(`SELECT count(*) AS total FROM flows WHERE ${where}`, [...p.values]);
  const from = `LIMIT ${p.add(page.size)} OFFSET ${p.add((page.page - 1) * page.size)}`;
  const [rows, [count]] = await Promise.all([
    db.search<SourceRow>(`SELECT ${COLUMNS} FROM flows WHERE ${where} ORDER BY ${order} ${from}`, p.values),
    counted,
  ]);
  return { results: rows.map(toStored), total: count?.total ?? 0 };
}
