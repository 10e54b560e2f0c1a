import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeProblem, parseFlow } from '@tiercel/flow-source';
import { describe, expect, it } from 'vitest';
import { builtInRegistry } from './registry.ts';

/** The flows of the conformance cases, when they lie beside this checkout. */
const FLOWS = fileURLToPath(new URL('../../../../shared/conformance/flows/flows', import.meta.url));
const registry = builtInRegistry();

const filesIn = (folder: string): readonly string[] =>
  existsSync(FLOWS) ? readdirSync(join(FLOWS, folder)).filter((name) => /\.ya?ml$/.test(name)) : [];

const problemsOf = (folder: string, name: string): readonly string[] => {
  const source = readFileSync(join(FLOWS, folder, name), 'utf8');
  return parseFlow(source, { registry, tenant: 'main', expressionErrors: 'warning' }).problems.map(describeProblem);
};

/** Worker groups are what others charge for. */
const VALID_HERE: ReadonlySet<string> = new Set(['worker-group.yaml']);

describe.skipIf(!existsSync(FLOWS))('flows that the reference knows', () => {
  it('are there', () => {
    expect([filesIn('valids').length > 50, filesIn('invalids').length > 5]).toEqual([true, true]);
  });

  it.each(filesIn('valids'))('%s is accepted, but for types that this version does not have', (name) => {
    const problems = problemsOf('valids', name);
    expect(problems.filter((problem) => !problem.startsWith('Invalid type: '))).toEqual([]);
  });

  it.each(filesIn('invalids'))('%s is refused', (name) => {
    const problems = problemsOf('invalids', name);
    if (VALID_HERE.has(name)) expect(problems).toEqual([]);
    else expect(problems).not.toEqual([]);
  });
});
