import type { PluginRegistry } from '@tiercel/plugin-kit';
import { isMap, isSeq, LineCounter, parseDocument, type Node } from 'yaml';
import type { Path } from '../problem.ts';
import { readYaml } from '../yaml/read.ts';
import { Edits, pairOf, pairsOf, textOf, type Finding } from './edits.ts';

export interface Migration {
  /** The source in the present form of the language; the same text when there was nothing to do. */
  readonly source: string;
  readonly changes: readonly Finding[];
  /** What is deprecated and has no form that could be written without asking. */
  readonly remaining: readonly Finding[];
}

const ECHO = 'io.kestra.plugin.core.debug.Echo';
const LOG = 'io.kestra.plugin.core.log.Log';
const PROCESS = 'io.kestra.plugin.core.runner.Process';
const NO_SOURCE: Migration = { source: '', changes: [], remaining: [] };

/**
 * Rewrites older forms of the flow language (older names of types and properties) where they stand; comments and layout stay. A text
 * that is no YAML is left as it is. Never throws for anything in the source.
 */
export function migrateFlow(source: string, registry: PluginRegistry): Migration {
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
  for (const { key, value } of pairsOf(root)) {
    const name = textOf(key);
    // Their `type` names something else.
    if (name !== undefined && !['variables', 'inputs', 'outputs', 'sla'].includes(name))
      walk(edits, registry, value, [name]);
  }
  return { source: edits.apply(source), changes: edits.changes, remaining: edits.remaining };
}

/** Renames a property of a map, unless the new name is taken. */
function rename(edits: Edits, map: Node, at: Path, from: string, to: string): void {
  const pair = pairOf(map, from);
  if (pair === undefined) return;
  const path = [...at, from];
  if (pairOf(map, to) === undefined) edits.replaceScalar(pair.key, to, path, `\`${from}\` is called \`${to}\` now`);
  else edits.leave(pair.key, path, `\`${from}\` is an older name of \`${to}\`, which is there, too: join them`);
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

const items = (node: Node | null | undefined): readonly Node[] => (isSeq(node) ? (node.items as Node[]) : []);

function inputs(edits: Edits, list: Node | null | undefined): void {
  for (const [index, input] of items(list).entries()) {
    const at = ['inputs', index];
    rename(edits, input, at, 'name', 'id');
    const type = pairOf(input, 'type')?.value;
    if (type === undefined || type === null) continue;
    if (textOf(type) === 'ENUM') edits.replaceScalar(type, 'SELECT', [...at, 'type'], 'ENUM is called SELECT now');
    if (textOf(type) === 'MULTISELECT') rename(edits, input, at, 'options', 'values');
  }
}

/** Every map with a `type`, the ones inside included. */
function walk(edits: Edits, registry: PluginRegistry, node: Node | null, at: Path): void {
  for (const [index, item] of items(node).entries()) walk(edits, registry, item, [...at, index]);
  if (!isMap(node)) return;
  plugin(edits, registry, node, at);
  for (const { key, value } of pairsOf(node)) {
    const name = textOf(key);
    if (name !== undefined) walk(edits, registry, value, [...at, name]);
  }
}

function plugin(edits: Edits, registry: PluginRegistry, map: Node, at: Path): void {
  const node = pairOf(map, 'type')?.value;
  const type = textOf(node);
  const canonical = type === undefined ? undefined : registry.canonical(type);
  if (type === undefined || node === undefined || node === null || canonical === undefined) return;
  const path = [...at, 'type'];
  if (canonical === ECHO) {
    edits.replaceScalar(node, LOG, path, `${type} is replaced by ${LOG}`);
    rename(edits, map, at, 'format', 'message');
    return;
  }
  if (canonical !== type) edits.replaceScalar(node, canonical, path, `${type} is called ${canonical} now`);
  if (registry.get(canonical)?.deprecated === true) edits.leave(node, path, deprecation(registry, canonical));
  if (at[0] === 'triggers') trigger(edits, map, at);
  runner(edits, map, at);
}

const deprecation = (registry: PluginRegistry, type: string): string =>
  [`${type} is deprecated`, registry.get(type)?.description].filter((text) => text !== undefined).join(': ');

function trigger(edits: Edits, map: Node, at: Path): void {
  rename(edits, map, at, 'minLogLevel', 'logLevel');
  rename(edits, map, at, 'scheduleConditions', 'conditions');
}

/** `runner` and `docker` of script tasks, which became `taskRunner`. */
function runner(edits: Edits, map: Node, at: Path): void {
  const pair = pairOf(map, 'runner');
  if (pair?.value === undefined || pair.value === null) return;
  const path = [...at, 'runner'];
  if (textOf(pair.value) === 'PROCESS' && pairOf(map, 'taskRunner') === undefined) {
    edits.replace(pair.key, pair.value, `taskRunner: {type: ${PROCESS}}`, path, '`runner` became `taskRunner`');
  } else if (textOf(pair.value) === 'DOCKER') {
    edits.leave(pair.key, path, '`runner: DOCKER` is deprecated: name a task runner with containers in `taskRunner`');
  }
}
