import { StoreError } from '../ports/execution-store.ts';
import type { Sort } from '../ports/execution-queries.ts';

/** Parameters of a statement that is put together: `add` answers the placeholder. */
export class Parameters {
  readonly values: unknown[] = [];
  add(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}

/** Free text (rest-api.md §3, `q`): every part must occur in one of the columns. */
export function matchText(p: Parameters, q: string, columns: readonly string[]): string[] {
  const parts = q.split(/[^\p{L}\p{N}_]+/u).filter((part) => part !== '' && part !== '*');
  return parts.map((part) => {
    const pattern = p.add(`%${part.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`);
    return `(${columns.map((column) => `${column} ILIKE ${pattern}`).join(' OR ')})`;
  });
}

/** This namespace or one below it. */
export function namespaceCondition(p: Parameters, column: string, namespace: string, exact: boolean): string {
  const own = p.add(namespace);
  // '/' follows '.' in byte order, so the range holds exactly the texts that begin with `namespace.`
  return exact
    ? `${column} = ${own}`
    : `(${column} = ${own} OR (${column} >= ${p.add(`${namespace}.`)} AND ${column} < ${p.add(`${namespace}/`)}))`;
}

/** `ORDER BY` of the keys that a client may sort by, ended by a unique one. Throws StoreError for another key. */
export function orderBy(sort: readonly Sort[], columns: Readonly<Record<string, string>>, last: string): string {
  const parts = sort.map(({ field, descending }) => {
    const column = Object.hasOwn(columns, field) ? columns[field] : undefined;
    if (column === undefined)
      throw new StoreError('bad-data', `cannot sort by '${field}'; known: ${Object.keys(columns).join(', ')}`);
    return `${column} ${descending ? 'DESC NULLS LAST' : 'ASC'}`;
  });
  return [...parts, last].join(', ');
}
