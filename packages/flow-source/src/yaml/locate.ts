import { isAlias, isMap, isScalar, isSeq, type Document, type Node, type Pair } from 'yaml';
import type { Path, Place } from '../problem.ts';

/** The way from a value back to the text that it came from. */
export interface Locator {
  /** Where the value of a path begins, or its key; the nearest enclosing value when the path itself is not in the text. */
  place(path: Path, what?: 'key' | 'value'): Place;
  /** True when the text has something at this path. */
  has(path: Path): boolean;
  /** A scalar as it is written (`1.10`, not 1.1); undefined when there is none. */
  textOf(path: Path): string | undefined;
  /** Where a line and column inside a text value (both from 1) stand in the source. */
  placeInside(path: Path, line: number, column: number): Place;
}

interface Found {
  readonly node: Node | undefined;
  readonly key: Node | undefined;
  readonly complete: boolean;
}

/** Makes a locator over a parsed document. `targets`: which node each alias stands for. */
export function createLocator(
  source: string,
  document: Document,
  targets: ReadonlyMap<Node, Node>,
  at: (offset: number) => Place,
): Locator {
  const resolve = (node: Node | undefined): Node | undefined =>
    node !== undefined && isAlias(node) ? targets.get(node) : node;

  const pairOf = (map: Node, name: string): Pair<Node, Node | null> | undefined => {
    if (!isMap(map)) return undefined;
    const pairs = map.items as Pair<Node, Node | null>[];
    // oxlint-disable-next-line typescript/no-base-to-string -- scalars are texts, numbers, booleans or null
    const own = pairs.find(({ key }) => isScalar(key) && String(key.value ?? '') === name);
    if (own !== undefined) return own;
    for (const { key, value } of pairs) {
      if (!isScalar(key) || key.value !== '<<' || value === null) continue;
      const merged = resolve(value);
      for (const candidate of merged !== undefined && isSeq(merged) ? (merged.items as Node[]) : [merged]) {
        const target = resolve(candidate);
        const pair = target === undefined ? undefined : pairOf(target, name);
        if (pair !== undefined) return pair;
      }
    }
    return undefined;
  };

  const find = (path: Path): Found => {
    let node: Node | undefined = document.contents ?? undefined;
    let key: Node | undefined;
    for (const part of path) {
      const inside = resolve(node);
      if (inside === undefined) return { node, key, complete: false };
      if (typeof part === 'number') {
        if (!isSeq(inside) || inside.items[part] === undefined) return { node, key, complete: false };
        node = inside.items[part] as Node;
        key = undefined;
      } else {
        const pair = pairOf(inside, part);
        if (pair === undefined) return { node, key, complete: false };
        key = pair.key;
        node = pair.value ?? pair.key;
      }
    }
    return { node, key, complete: true };
  };

  const offsetOf = (node: Node | undefined): number => node?.range?.[0] ?? 0;

  const placeInside = (path: Path, line: number, column: number): Place => {
    const node = resolve(find(path).node);
    if (node === undefined || !isScalar(node)) return at(offsetOf(node));
    const start = at(offsetOf(node));
    if (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED') {
      const indent = blockIndent(source.slice(node.range?.[0] ?? 0, node.range?.[1] ?? 0));
      return { line: start.line + line, column: indent + column };
    }
    const quote = node.type === 'PLAIN' ? 0 : 1;
    if (line === 1) return { line: start.line, column: start.column + quote + column - 1 };
    return { line: start.line + line - 1, column };
  };

  return {
    place: (path, what = 'value') => {
      const found = find(path);
      return at(offsetOf(what === 'key' && found.complete ? (found.key ?? found.node) : found.node));
    },
    has: (path) => find(path).complete,
    textOf: (path) => {
      const node = resolve(find(path).node);
      return node !== undefined && isScalar(node) && typeof node.value === 'string' ? node.value : undefined;
    },
    placeInside,
  };
}

/** Columns by which the lines of a block scalar are indented: those of its first line that is not blank. */
function blockIndent(block: string): number {
  for (const line of block.split('\n').slice(1)) {
    const text = line.trimStart();
    if (text !== '') return line.length - text.length;
  }
  return 0;
}
