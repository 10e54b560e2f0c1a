import type { PluginRegistry } from '@tiercel/plugin-kit';
import { isMap, LineCounter, parseDocument, type Node } from 'yaml';
import { parseFlow } from '../parse-flow.ts';
import { readYaml } from '../yaml/read.ts';
import { Edits, itemsOf, pairOf, rename, textOf, type Finding } from './edits.ts';
import { migratePlugins } from './plugins.ts';

export interface Migration {
  /** The source in the present form of the language; the same text when there was nothing to do. */
  readonly source: string;
  readonly changes: readonly Finding[];
  /** What is deprecated and has no form that could be written without asking. */
  readonly remaining: readonly Finding[];
}

const NO_SOURCE: Migration = { source: '', changes: [], remaining: [] };

/** A separator of documents with the line it stands on; documents are what is between. */
const SEPARATOR = /^(---[ \t]*\r?\n)/m;

/**
 * Rewrites older forms of the flow language (older names of types and properties) where they stand, in every document of a text; comments
 * and layout stay. What is no YAML is left as it is, and so is a flow that would be none afterwards. Never throws for anything in the source.
 */
export function migrateFlow(source: string, registry: PluginRegistry): Migration {
  const parts = source.split(SEPARATOR).map((part) => ({ part, ...migrateDocument(part, registry) }));
  let line = 0;
  const all: { source: string; changes: Finding[]; remaining: Finding[] } = { source: '', changes: [], remaining: [] };
  for (const { part, ...migration } of parts) {
    const placed = (finding: Finding): Finding => ({ ...finding, line: finding.line + line });
    all.source += migration.source;
    all.changes.push(...migration.changes.map(placed));
    all.remaining.push(...migration.remaining.map(placed));
    line += part.split('\n').length - 1;
  }
  return all;
}

function migrateDocument(source: string, registry: PluginRegistry): Migration {
  const unchanged = { ...NO_SOURCE, source };
  // With its bounds on size and nesting.
  if (readYaml(source).document === undefined) return unchanged;
  const lines = new LineCounter();
  const document = parseDocument(source, { schema: 'failsafe', logLevel: 'silent', lineCounter: lines });
  const root = document.contents as Node | null;
  if (!isMap(root)) return unchanged;
  const edits = new Edits(lines);
  topLevel(edits, root);
  inputs(edits, pairOf(root, 'inputs')?.value);
  migratePlugins(edits, registry, root);
  const { changes, remaining } = edits;
  if (changes.length === 0) return { source, changes, remaining };
  const migrated = edits.apply(source);
  const isFlow = (text: string): boolean =>
    parseFlow(text, { registry, tenant: 'main', expressionErrors: 'warning' }).problems.length === 0;
  if (isFlow(migrated) || !isFlow(source)) return { source: migrated, changes, remaining };
  return { source, changes: [], remaining: [...changes, ...remaining] };
}

function topLevel(edits: Edits, root: Node): void {
  rename(edits, root, [], 'taskDefaults', 'pluginDefaults');
  const listeners = pairOf(root, 'listeners');
  if (listeners !== undefined) {
    edits.leave(
      listeners.key,
      ['listeners'],
      '`listeners` are deprecated: use `afterExecution` with `runIf`, or a Flow trigger in another flow',
    );
  }
}

function inputs(edits: Edits, list: Node | null | undefined): void {
  for (const [index, input] of itemsOf(list).entries()) {
    const at = ['inputs', index];
    rename(edits, input, at, 'name', 'id');
    const type = pairOf(input, 'type')?.value;
    if (type === undefined || type === null) continue;
    if (textOf(type) === 'ENUM') edits.replaceScalar(type, 'SELECT', [...at, 'type'], 'ENUM is called SELECT now');
    const accept = textOf(type) === 'FILE' ? pairOf(input, 'accept') : undefined;
    if (accept !== undefined)
      edits.leave(
        accept.key,
        [...at, 'accept'],
        '`accept` is deprecated: list the ends of names in `allowedFileExtensions`',
      );
    if (textOf(type) === 'MULTISELECT') rename(edits, input, at, 'options', 'values');
  }
}
