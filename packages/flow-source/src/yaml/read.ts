import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  type Document,
  type Node,
  type Pair,
} from 'yaml';
import type { Place, Problem } from '../problem.ts';
import { DEFAULT_SOURCE_LIMITS, guardSource, type SourceLimits } from './guard.ts';
import { createLocator, type Locator } from './locate.ts';
import { resolvePlainScalar } from './scalars.ts';

/** A YAML document as plain values, with the way back to the text. */
export interface YamlDocument extends Locator {
  readonly value: unknown;
}

export type ReadResult =
  | { readonly document: YamlDocument; readonly problems: readonly [] }
  | { readonly document?: undefined; readonly problems: readonly Problem[] };

/** How many values a document may have once its aliases are written out. */
const MAX_VALUES = 200_000;
const MAX_PROBLEMS = 20;
const CORE_TAG = /^tag:yaml\.org,2002:(?:str|int|float|bool|null|map|seq)$/;

/**
 * Reads one YAML document. Refuses what is too large, too deep or not one document, duplicate keys, unknown tags, and aliases
 * that would multiply. Aliases and merge keys (`<<`) are written out.
 */
export function readYaml(source: string, limits: SourceLimits = DEFAULT_SOURCE_LIMITS): ReadResult {
  const refused = guardSource(source, limits);
  if (refused !== undefined) return { problems: [refused] };
  const lines = new LineCounter();
  const parsed = parseAllDocuments(source, {
    schema: 'failsafe',
    // The library's own test is quadratic in the number of keys; `convert` does it in one pass.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
    lineCounter: lines,
  });
  const documents = Array.isArray(parsed) ? (parsed as Document.Parsed[]) : [];
  const [document, second] = documents;
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  if (document === undefined) return { problems: [illegal('the source is empty')] };
  if (second !== undefined) return { problems: [illegal('expected a single document', at(second.range[0]))] };
  if (document.errors.length > 0) {
    return {
      problems: document.errors.slice(0, MAX_PROBLEMS).map((error) => illegal(error.message, at(error.pos[0]))),
    };
  }
  const conversion = createConversion(at, limits.maxDepth);
  const value = document.contents === null ? null : conversion.convert(document.contents, 1);
  if (conversion.problems.length > 0) return { problems: conversion.problems.slice(0, MAX_PROBLEMS) };
  return { document: { value, ...createLocator(source, document, conversion.anchorsOf, at) }, problems: [] };
}

const illegal = (message: string, place?: Place): Problem => ({
  kind: 'structure',
  message: `Illegal flow yaml: ${message}`,
  path: '',
  ...place,
});

interface Conversion {
  readonly problems: Problem[];
  readonly anchorsOf: ReadonlyMap<Node, Node>;
  convert(node: Node, depth: number): unknown;
}

/** Turns the nodes of one document into values, counting what it makes. */
function createConversion(at: (offset: number) => Place, maxDepth: number): Conversion {
  const problems: Problem[] = [];
  const anchors = new Map<string, Node>();
  const targets = new Map<Node, Node>();
  let values = 0;
  let stopped = false;

  const report = (message: string, node: Node): undefined => {
    problems.push(illegal(message, at(node.range?.[0] ?? 0)));
    return undefined;
  };
  const stop = (message: string, node: Node): undefined => {
    if (!stopped) report(message, node);
    stopped = true;
    return undefined;
  };

  const convert = (node: Node, depth: number): unknown => {
    values += 1;
    if (stopped) return undefined;
    if (values > MAX_VALUES) return stop(`its aliases make more than ${MAX_VALUES} values`, node);
    if (depth > maxDepth) return stop(`maps and lists are nested deeper than ${maxDepth} levels`, node);
    if (isAlias(node)) return convertAlias(node, depth);
    if (node.tag !== undefined && !CORE_TAG.test(node.tag)) return report(`the tag ${node.tag} is not known`, node);
    if (isScalar(node)) {
      // Neither the store nor any tool takes them.
      if (typeof node.value === 'string' && node.value.includes('\0'))
        return report('a text has a NUL character', node);
      return remember(node, convertScalar(node));
    }
    if (isSeq(node)) {
      const list = node.items.map((item) => convert(item as Node, depth + 1));
      return remember(node, list);
    }
    if (isMap(node)) return remember(node, convertMap(node.items as Pair<Node, Node | null>[], depth));
    return report('unexpected content', node);
  };

  // An anchor can be used only after the whole node that carries it, so a node never contains itself.
  const remember = (node: Node, value: unknown): unknown => {
    const { anchor } = node as { anchor?: string };
    if (anchor !== undefined) anchors.set(anchor, node);
    return value;
  };

  const convertAlias = (node: Node & { source: string }, depth: number): unknown => {
    const target = anchors.get(node.source);
    if (target === undefined) return report(`the anchor &${node.source} is not known here`, node);
    targets.set(node, target);
    return convert(target, depth);
  };

  const convertMap = (pairs: readonly Pair<Node, Node | null>[], depth: number): Record<string, unknown> => {
    const map: Record<string, unknown> = {};
    const merges: Node[] = [];
    for (const { key, value } of pairs) {
      if (!isScalar(key)) {
        report('keys must be texts', key);
        continue;
      }
      const name = String(key.value ?? '');
      if (name === '<<' && key.type === 'PLAIN' && value !== null) merges.push(value);
      else if (name === '__proto__') report('"__proto__" cannot be a key', key);
      else if (Object.hasOwn(map, name)) report(`Duplicate field "${name}"`, key);
      else map[name] = value === null ? null : convert(value, depth + 1);
    }
    for (const merge of merges) mergeInto(map, merge, depth);
    return map;
  };

  /** A merge key gives what the map does not say itself; of several maps the earlier wins. */
  const mergeInto = (map: Record<string, unknown>, node: Node, depth: number): void => {
    const given = convert(node, depth);
    for (const source of Array.isArray(given) ? given : [given]) {
      if (typeof source !== 'object' || source === null || Array.isArray(source)) {
        if (!stopped) report('a merge key (<<) takes a map or a list of maps', node);
        continue;
      }
      for (const [name, value] of Object.entries(source)) if (!Object.hasOwn(map, name)) map[name] = value;
    }
  };

  return { problems, anchorsOf: targets, convert };
}

function convertScalar(node: Node & { value: unknown; type?: string }): unknown {
  const text = typeof node.value === 'string' ? node.value : '';
  const plain = node.type === 'PLAIN' || node.type === undefined;
  if (!plain || node.tag === 'tag:yaml.org,2002:str') return text;
  return resolvePlainScalar(text);
}
