import { GenerationCache } from '../cache.ts';
import type { Value } from '../values.ts';
import type { Work } from '../work.ts';
import type { Node } from './nodes.ts';
import { parseJq } from './parser.ts';
import { Machine } from './run.ts';

const programs = new GenerationCache<Node>(500, 1024 * 1024);

/** Runs a jq program on JSON data (see `toJqValue`) and gives the list of all results (expressions.md §11). Raises a Failure. */
export function runJq(program: string, input: Value, work: Work, now: () => number): Value[] {
  let node = programs.get(program);
  if (node === undefined) {
    work.text(program.length);
    node = parseJq(program);
    programs.set(program, node, program.length);
  }
  return new Machine(work, now).collect(node, undefined, input);
}
