import { Failure } from './errors.ts';
import { filters, functions } from './registry.ts';
import { tests } from './tests.ts';

/** Filters that the evaluator knows by itself. */
const BUILT_IN_FILTERS = ['default'];
const BUILT_IN_TESTS = ['defined'];

export const isFilter = (name: string): boolean => filters.has(name) || BUILT_IN_FILTERS.includes(name);
export const isTest = (name: string): boolean => tests.has(name) || BUILT_IN_TESTS.includes(name);

/** The failure of a filter that does not exist, with the words of the reference (expressions.md §9.5). */
export function unknownFilter(name: string, position: number): Failure {
  const known = (): Iterable<string> => [...filters.keys(), ...BUILT_IN_FILTERS];
  return new Failure(`Filter [${name}] does not exist.`, 'evaluation', position, { name, known });
}

/** The same for functions and macros (expressions.md §12). */
export function unknownFunction(name: string, position: number, macros: Iterable<string>): Failure {
  const known = (): Iterable<string> => [...macros, ...functions.keys()];
  return new Failure(`Function or Macro [${name}] does not exist`, 'evaluation', position, { name, known });
}

/** The same for tests (expressions.md §8). */
export function unknownTest(name: string, position: number): Failure {
  const known = (): Iterable<string> => [...tests.keys(), ...BUILT_IN_TESTS];
  return new Failure(`Test [${name}] does not exist.`, 'evaluation', position, { name, known });
}
