import { StoreError } from '../ports/execution-store.ts';
import type { Sort } from '../ports/execution-queries.ts';
import { isAnything, searchTextProblem, searchWords, type SearchedIn } from '../ports/free-text.ts';

/** Parameters of a statement that is put together: `add` answers the placeholder. */
export class Parameters {
  readonly values: unknown[] = [];
  add(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}

/** The words of free text. Throws StoreError bad-data for more than a search bears. */
export function boundedWords(q: string, searchedIn: SearchedIn = 'text'): readonly string[] {
  const problem = searchTextProblem(q, searchedIn);
  if (problem !== undefined) throw new StoreError('bad-data', problem);
  return searchWords(q, searchedIn);
}

/**
 * Free text (rest-api.md §3, `q`): every word must occur in one of the columns. A text without words (`%`) is found nowhere: what finds
 * everything could delete everything. Throws like `boundedWords`.
 */
export function matchText(p: Parameters, q: string, columns: readonly string[]): string[] {
  const words = boundedWords(q);
  if (words.length === 0) return isAnything(q) ? [] : ['FALSE'];
  return words.map((word) => {
    const pattern = p.add(`%${word.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`);
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
