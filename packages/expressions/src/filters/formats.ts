import type { FilterDefinition } from '../definitions.ts';
import { jsonOf } from '../print.ts';

const toJson: FilterDefinition = {
  params: null,
  takesNull: true,
  apply: (input, _args, context) => jsonOf(input, context.work),
};

/** Filters that write formats (expressions.md §9.4). */
export const formatFilters: Readonly<Record<string, FilterDefinition>> = {
  toJson,
  json: toJson,
};
