import type { RouteDeps } from '../deps.ts';
import { namespaceParam, sendJson } from '../http/answers.ts';
import { pageOf, queryOf } from '../http/query.ts';
import { route, type Route } from '../http/routing.ts';

/** `a.b.c` with all above it: `a`, `a.b`, `a.b.c`. */
const withParents = (namespace: string): readonly string[] => {
  const parts = namespace.split('.');
  return parts.map((_, i) => parts.slice(0, i + 1).join('.'));
};

/** Namespaces (rest-api.md §9.1): those of all flows, their parents, and the system namespace. */
export function namespaceRoutes({ flowStore, tenant, config }: RouteDeps): readonly Route[] {
  return [
    route('GET', '/namespaces/search', async (req, res) => {
      const query = queryOf(req);
      const { page, size } = pageOf(query);
      const q = (query.text('q') ?? '').trim().toLowerCase();
      const descending = query.has('sort') && query.text('sort')?.toLowerCase().endsWith(':asc') !== true;
      const all = new Set((await flowStore.namespaces(tenant)).flatMap(withParents)).add(config.systemNamespace);
      const ids = [...all].filter((id) => q === '' || q === '*' || id.toLowerCase().includes(q)).toSorted();
      if (descending) ids.reverse();
      const results = ids.slice((page - 1) * size, page * size).map((id) => ({ id, deleted: false, disabled: true }));
      sendJson(res, { results, total: ids.length });
    }),
    route('GET', '/namespaces/:namespace', (req, res) => sendJson(res, { id: namespaceParam(req), deleted: false })),
  ];
}
