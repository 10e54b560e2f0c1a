import type { FilterDefinition } from '../definitions.ts';

/** Filters on dates (expressions.md §10). */
export const dateFilters: Readonly<Record<string, FilterDefinition>> = {};
