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
  const conversion = new Conversion(at, limits.maxDepth);
  const value = document.contents === null ? null : conversion.convert(document.contents, 1);
  if (conversion.problems.length > 0) return { problems: conversion.problems.slice(0, MAX_PROBLEMS) };
  return { document: { value, ...createLocator(source, document, conversion.targets, at) }, problems: [] };
}

const illegal = (message: string, place?: Place): Problem => ({
  kind: 'structure',
  message: `Illegal flow yaml: ${message}`,
  path: '',
  ...place,
});

/** Turns the nodes of one document into values, counting what it makes. */
class Conversion {
  readonly problems: Problem[] = [];
  /** Which node each alias stands for. */
  readonly targets = new Map<Node, Node>();
  private readonly anchors = new Map<string, Node>();
  private readonly at: (offset: number) => Place;
  private readonly maxDepth: number;
  private values = 0;
  private stopped = false;

  constructor(at: (offset: number) => Place, maxDepth: number) {
    this.at = at;
    this.maxDepth = maxDepth;
  }

  convert(node: Node, depth: number): unknown {
    this.values += 1;
    if (this.stopped) return undefined;
    if (this.values > MAX_VALUES) return this.stop(`its aliases make more than ${MAX_VALUES} values`, node);
    if (depth > this.maxDepth) return this.stop(`maps and lists are nested deeper than ${this.maxDepth} levels`, node);
    if (isAlias(node)) return this.convertAlias(node, depth);
    if (node.tag !== undefined && !CORE_TAG.test(node.tag))
      return this.report(`the tag ${node.tag} is not known`, node);
    const value = this.convertContent(node, depth);
    // An anchor can be used only after the whole node that carries it, so a node never contains itself.
    const { anchor } = node as { anchor?: string };
    if (anchor !== undefined) this.anchors.set(anchor, node);
    return value;
  }

  private convertContent(node: Node, depth: number): unknown {
    if (isScalar(node)) {
      // Neither the store nor any tool takes them.
      if (typeof node.value === 'string' && node.value.includes('\0'))
        return this.report('a text has a NUL character', node);
      return convertScalar(node);
    }
    if (isSeq(node)) return node.items.map((item) => this.convert(item as Node, depth + 1));
    if (isMap(node)) return this.convertMap(node.items as Pair<Node, Node | null>[], depth);
    return this.report('unexpected content', node);
  }

  private convertAlias(node: Node & { source: string }, depth: number): unknown {
    const target = this.anchors.get(node.source);
    if (target === undefined) return this.report(`the anchor &${node.source} is not known here`, node);
    this.targets.set(node, target);
    return this.convert(target, depth);
  }

  private convertMap(pairs: readonly Pair<Node, Node | null>[], depth: number): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    const merges: Node[] = [];
    for (const { key, value } of pairs) {
      if (!isScalar(key)) {
        this.report('keys must be texts', key);
        continue;
      }
      // oxlint-disable-next-line typescript/no-base-to-string -- scalars are texts, numbers, booleans or null
      const name = String(key.value ?? '');
      if (name === '<<' && key.type === 'PLAIN' && value !== null) merges.push(value);
      else if (name === '__proto__') this.report('"__proto__" cannot be a key', key);
      else if (Object.hasOwn(map, name)) this.report(`Duplicate field "${name}"`, key);
      else map[name] = value === null ? null : this.convert(value, depth + 1);
    }
    for (const merge of merges) this.mergeInto(map, merge, depth);
    return map;
  }

  /** A merge key gives what the map does not say itself; of several maps the earlier wins. */
  private mergeInto(map: Record<string, unknown>, node: Node, depth: number): void {
    const given = this.convert(node, depth);
    for (const source of Array.isArray(given) ? given : [given]) {
      if (typeof source !== 'object' || source === null || Array.isArray(source)) {
        if (!this.stopped) this.report('a merge key (<<) takes a map or a list of maps', node);
        continue;
      }
      for (const [name, value] of Object.entries(source)) if (!Object.hasOwn(map, name)) map[name] = value;
    }
  }

  private report(message: string, node: Node): undefined {
    this.problems.push(illegal(message, this.at(node.range?.[0] ?? 0)));
    return undefined;
  }

  private stop(message: string, node: Node): undefined {
    if (!this.stopped) this.report(message, node);
    this.stopped = true;
    return undefined;
  }
}

function convertScalar(node: Node & { value: unknown; type?: string }): unknown {
  const text = typeof node.value === 'string' ? node.value : '';
  const plain = node.type === 'PLAIN' || node.type === undefined;
  if (!plain || node.tag === 'tag:yaml.org,2002:str') return text;
  return resolvePlainScalar(text);
}
