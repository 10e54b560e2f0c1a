import { isDeepStrictEqual } from 'node:util';
import { Document, isMap, isScalar, stringify, visit, type Node, type YAMLMap } from 'yaml';
import { withoutNulls } from '../json-source.ts';
import type { Path } from '../problem.ts';
import { isRawMap, type RawMap } from '../reader.ts';
import { childTasks } from '../walk.ts';
import { documentOf, firstFaithful, nodesOf, withLineEndsOf, written } from './faithful.ts';

/** Lists of tasks of a flow. */
const TASK_LISTS = ['tasks', 'errors', 'finally', 'afterExecution'] as const;

type Replacement =
  | { readonly kind: 'replaced'; readonly source: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'not-editable' };

/**
 * The source with another task in place of the one with that id, wherever in the tree it stands. The rest of the text stays as it is, and
 * so do the comments inside the task. `not-editable`: the text is no YAML map, or an anchor makes the task stand at several places.
 */
export function replaceTask(source: string, taskId: string, task: Readonly<Record<string, unknown>>): Replacement {
  const read = documentOf(source);
  const value = read?.value;
  if (read === undefined || !isRawMap(value)) return { kind: 'not-editable' };
  // As written: an id such as 123 or `on` is a text, whatever YAML makes of it.
  const path = pathOfTask(value, (at) => read.textOf([...at, 'id']) === taskId);
  if (path === undefined) return { kind: 'absent' };
  const next = withoutNulls(task) as RawMap;
  if (isDeepStrictEqual(valueAt(value, path), next)) return { kind: 'replaced', source };
  const document = nodesOf(source);
  const node = document.getIn(path, true) as Node | undefined;
  const edited = firstFaithful(withValue(value, path, next), [
    () => (isMap(node) ? inPlace(source, node, valueAt(value, path) as RawMap, next) : undefined),
    () => (node === undefined ? undefined : asWhole(source, node, next)),
    () => {
      if (node === undefined) return undefined;
      document.setIn(path, nodeOf(next));
      return written(document);
    },
  ]);
  return edited === undefined ? { kind: 'not-editable' } : { kind: 'replaced', source: withLineEndsOf(source, edited) };
}

function pathOfTask(flow: RawMap, isWanted: (at: Path) => boolean): Path | undefined {
  const lists: (readonly [Path, unknown])[] = TASK_LISTS.map((name) => [[name], flow[name]]);
  const { listeners } = flow;
  if (Array.isArray(listeners))
    listeners.forEach((listener: unknown, i) => {
      if (isRawMap(listener)) lists.push([['listeners', i, 'tasks'], listener['tasks']]);
    });
  for (const [path, list] of lists) {
    const items = Array.isArray(list) ? (list as readonly unknown[]) : [];
    const found = find(
      items.map((task, i) => ({ task, path: [...path, i] })),
      isWanted,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Looks as `findTask` does. */
function find(
  tasks: readonly { readonly task: unknown; readonly path: Path }[],
  isWanted: (at: Path) => boolean,
): Path | undefined {
  for (const { task, path } of tasks) {
    if (!isRawMap(task)) continue;
    if (isWanted(path)) return path;
    const children = childTasks(task, () => true);
    const below = find(
      children.map((child) => ({ task: child.task, path: [...path, ...child.path] })),
      isWanted,
    );
    if (below !== undefined) return below;
  }
  return undefined;
}

const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((inner, part) => (inner as Record<string | number, unknown>)[part], value);

function withValue(value: RawMap, path: Path, next: unknown): unknown {
  const copy = structuredClone(value);
  const parent = valueAt(copy, path.slice(0, -1)) as Record<string | number, unknown>;
  parent[path.at(-1)!] = next;
  return copy;
}

/** A value as nodes without places, as they would be written in YAML 1.1. */
const nodeOf = (value: unknown): Node =>
  nodesOf(stringify(value, { version: '1.1', lineWidth: 0 })).contents as unknown as Node;

/** Changes only the properties that differ, so that comments between them stay. */
function inPlace(source: string, map: YAMLMap, old: RawMap, next: RawMap): string | undefined {
  let hasAlias = false;
  visit(map, {
    Alias: () => {
      hasAlias = true;
      return visit.BREAK;
    },
  });
  // What an alias stands for is outside of the task.
  if (hasAlias) return undefined;
  const edited = map.clone() as YAMLMap;
  for (const key of Object.keys(old)) if (!Object.hasOwn(next, key)) edited.delete(key);
  for (const [key, value] of Object.entries(next)) {
    if (isDeepStrictEqual(old[key], value)) continue;
    const node = nodeOf(value);
    const before = edited.get(key, true);
    if (isScalar(before) && isScalar(node) && typeof before.comment === 'string') node.comment = before.comment;
    edited.set(edited.has(key) ? key : nodeOf(key), node);
  }
  // They stand before and after the map, outside of what is replaced.
  edited.commentBefore = null;
  edited.comment = null;
  edited.spaceBefore = false;
  const document = new Document(null, { schema: 'failsafe' });
  document.contents = edited as never;
  return splice(source, map, document.toString({ lineWidth: 0 }));
}

/** Writes the task anew. JSON is YAML that fits anywhere. */
const asWhole = (source: string, node: Node, next: RawMap): string | undefined =>
  splice(source, node, isBlock(node) ? stringify(next, { version: '1.1', lineWidth: 0 }) : JSON.stringify(next));

const isBlock = (node: Node): boolean => isMap(node) && node.flow !== true;

/** Puts a text in place of a node, indented as the node is. Blank lines and comments after it are not its own. */
function splice(source: string, { range }: Node, text: string): string | undefined {
  if (range === undefined || range === null) return undefined;
  const [start, end] = range;
  const column = start - (source.lastIndexOf('\n', start - 1) + 1);
  const lines = text.replace(/\n$/, '').split('\n');
  const indented = lines.map((line, i) => (i === 0 || line === '' ? line : ' '.repeat(column) + line)).join('\n');
  const own = source.slice(start, end).trimEnd().length;
  return source.slice(0, start) + indented + source.slice(start + own);
}
