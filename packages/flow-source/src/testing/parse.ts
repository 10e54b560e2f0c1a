import { parseFlow, type ParseResult } from '../parse-flow.ts';
import { describeProblem } from '../problem.ts';
import { testRegistry } from './registry.ts';

/** Parses with the test registry. */
export const parse = (source: string, maxBytes?: number): ParseResult =>
  parseFlow(source, { registry: testRegistry, tenant: 'main', ...(maxBytes === undefined ? {} : { maxBytes }) });

/** A flow with one task, and `extra` lines at the end. */
export const flowWith = (extra: string): string => `id: hello
namespace: company.team
tasks:
  - id: log
    type: io.kestra.plugin.core.log.Log
    message: hi
${extra}`;

/** What is wrong with a source, one line each. */
export const messages = (source: string): readonly string[] => parse(source).problems.map(describeProblem);
