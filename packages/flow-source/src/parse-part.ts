import type { PluginDefault } from '@tiercel/model';
import type { PluginRegistry } from '@tiercel/plugin-kit';
import { checkExpressions } from './checks/expressions.ts';
import { checkUniqueIds } from './checks/unique-ids.ts';
import type { ParseResult } from './parse-flow.ts';
import { createReader, isRawMap } from './reader.ts';
import { injectDefaults } from './sections/inject-defaults.ts';
import { readTask, type PlacedTask } from './sections/tasks.ts';
import { readTrigger } from './sections/triggers.ts';
import { readYaml } from './yaml/read.ts';

/** What is found in a part of a flow; valid without problems. */
export type PartResult = Pick<ParseResult, 'problems' | 'warnings' | 'deprecations' | 'infos'>;

/**
 * Validates a task or a trigger that stands alone, with the rules of the whole (rest-api.md §8, validate/task). Plugin defaults of its flow
 * and of its namespace are not known here; `defaults` are those of the server. Never throws for anything in the source.
 */
export function parsePart(
  source: string,
  part: 'task' | 'trigger',
  registry: PluginRegistry,
  defaults: readonly PluginDefault[] = [],
): PartResult {
  const { document, problems } = readYaml(source);
  if (document === undefined) return { problems, warnings: [], deprecations: [], infos: [] };
  const reader = createReader(document, registry);
  const { value } = document;
  const seen: PlacedTask[] = [];
  injectDefaults({ part: value }, [defaults], registry.canonical);
  if (part === 'task') readTask(reader, value, [], seen);
  else {
    readTrigger(reader, value, []);
    if (isRawMap(value)) seen.push({ task: value, path: [] });
  }
  if (part === 'task') checkUniqueIds(reader, {}, seen);
  checkExpressions(reader, {}, seen, 'warning');
  const { warnings, deprecations, infos } = reader;
  return { problems: reader.problems, warnings, deprecations, infos };
}
