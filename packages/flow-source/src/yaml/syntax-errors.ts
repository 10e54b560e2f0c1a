import type { YAMLException } from 'js-yaml';
import { LineCounter, parseAllDocuments, type Document } from 'yaml';
import type { Place, Problem } from '../problem.ts';
import { guardTokens, type SourceLimits } from './guard.ts';

/** Of sources longer than this, in UTF-16 units, only the first mistake is told: the time of the other parser can grow with the square. */
const MAX_SECOND_LOOK = 64 * 1024;

/**
 * What is wrong with a source that is no YAML. The parser that reads flows is fast and stops at its first mistake; another one, slower,
 * goes on after a mistake and finds all of them.
 */
export function syntaxErrors(
  source: string,
  limits: SourceLimits,
  first: YAMLException,
  at: (offset: number) => Place,
): readonly Problem[] {
  // Deep nesting would exhaust the other parser.
  const refused = guardTokens(source, limits);
  if (refused !== undefined) return [refused];
  if (source.length > MAX_SECOND_LOOK) return [illegal(first.reason, at(first.mark?.position ?? 0))];
  const lines = new LineCounter();
  const parsed = parseAllDocuments(source, {
    schema: 'failsafe',
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
    lineCounter: lines,
  });
  const errors = Array.isArray(parsed) ? (parsed as Document.Parsed[]).flatMap((document) => document.errors) : [];
  if (errors.length === 0) return [illegal(first.reason, at(first.mark?.position ?? 0))];
  return errors.map((error) => illegal(error.message, at(error.pos[0])));
}

const illegal = (message: string, place: Place): Problem => ({
  kind: 'structure',
  message: `Illegal flow yaml: ${message}`,
  path: '',
  ...place,
});
