import type { Path, Place } from '../problem.ts';
import { offsetInside, type YamlAlias, type YamlMap, type YamlNode } from './tree.ts';

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
  readonly node: YamlNode;
  readonly key: YamlNode | undefined;
  readonly complete: boolean;
}

/** Makes a locator over a document. `targets`: which node each alias stands for. */
export function createLocator(
  source: string,
  root: YamlNode,
  targets: ReadonlyMap<YamlAlias, YamlNode>,
  at: (offset: number) => Place,
): Locator {
  const resolve = (node: YamlNode): YamlNode => (node.kind === 'alias' ? (targets.get(node) ?? node) : node);
  const find = createFinder(root, resolve);

  const placeInside = (path: Path, line: number, column: number): Place => {
    const node = resolve(find(path).node);
    if (node.kind !== 'scalar' || node.text === '') return at(node.start);
    let lineStart = 0;
    for (let n = 1; n < line; n++) lineStart = node.text.indexOf('\n', lineStart) + 1;
    return at(offsetInside(source, node, Math.min(lineStart + column, node.text.length) - 1));
  };

  return {
    place: (path, what = 'value') => {
      const { node, key, complete } = find(path);
      return at((what === 'key' && complete && key !== undefined ? key : node).start);
    },
    has: (path) => find(path).complete,
    textOf: (path) => {
      const node = resolve(find(path).node);
      return node.kind === 'scalar' ? node.text : undefined;
    },
    placeInside,
  };
}

function createFinder(root: YamlNode, resolve: (node: YamlNode) => YamlNode): (path: Path) => Found {
  /** Pairs by key, of maps that were asked for: a map may be large, and asked for often. */
  const indexes = new Map<YamlMap, ReadonlyMap<string, YamlMap['pairs'][number]>>();
  const indexOf = (map: YamlMap): ReadonlyMap<string, YamlMap['pairs'][number]> => {
    let index = indexes.get(map);
    if (index === undefined) {
      index = new Map(
        map.pairs.flatMap((pair) => (pair.key.kind === 'scalar' ? [[pair.key.text, pair] as const] : [])),
      );
      indexes.set(map, index);
    }
    return index;
  };
  const pairOf = (node: YamlNode, name: string): YamlMap['pairs'][number] | undefined => {
    if (node.kind !== 'map') return undefined;
    const own = indexOf(node).get(name);
    if (own !== undefined) return own;
    for (const { key, value } of node.pairs) {
      if (key.kind !== 'scalar' || key.text !== '<<') continue;
      const merged = resolve(value);
      for (const candidate of merged.kind === 'list' ? merged.items : [merged]) {
        const pair = pairOf(resolve(candidate), name);
        if (pair !== undefined) return pair;
      }
    }
    return undefined;
  };
  return (path) => {
    let node = root;
    let key: YamlNode | undefined;
    for (const part of path) {
      const inside = resolve(node);
      if (typeof part === 'number') {
        const item = inside.kind === 'list' ? inside.items[part] : undefined;
        if (item === undefined) return { node, key, complete: false };
        node = item;
        key = undefined;
      } else {
        const pair = pairOf(inside, part);
        if (pair === undefined) return { node, key, complete: false };
        ({ key, value: node } = pair);
      }
    }
    return { node, key, complete: true };
  };
}
