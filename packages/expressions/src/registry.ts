import type { FilterDefinition, FunctionDefinition } from './definitions.ts';
import { dateFilters } from './filters/dates.ts';
import { formatFilters } from './filters/formats.ts';
import { hashFilters } from './filters/hashes.ts';
import { listFilters } from './filters/lists.ts';
import { numberFilters } from './filters/numbers.ts';
import { textFilters } from './filters/text.ts';
import { dateFunctions } from './functions/dates.ts';
import { contextFunctions } from './functions/context.ts';
import { cryptoFunctions } from './functions/crypto.ts';
import { ioFunctions } from './functions/io.ts';
import { valueFunctions } from './functions/values.ts';

/** Every filter by name, except `default`, which the evaluator knows because it sees undefined names. */
export const filters: ReadonlyMap<string, FilterDefinition> = new Map(
  [textFilters, numberFilters, listFilters, formatFilters, dateFilters, hashFilters].flatMap((group) =>
    Object.entries(group),
  ),
);

/** Every function by name; macros of a template come after them. */
export const functions: ReadonlyMap<string, FunctionDefinition> = new Map(
  [valueFunctions, dateFunctions, contextFunctions, ioFunctions, cryptoFunctions].flatMap((group) =>
    Object.entries(group),
  ),
);
