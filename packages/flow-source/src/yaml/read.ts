import { YAMLException } from 'js-yaml';
import type { Place, Problem } from '../problem.ts';
import { DEFAULT_SOURCE_LIMITS, guardSource, type SourceLimits } from './guard.ts';
import { readLeniently, type ReadTrees } from './lenient.ts';
import { lineCounter } from './lines.ts';
import { createLocator, type Locator } from './locate.ts';
import { resolvePlainScalar } from './scalars.ts';
import { syntaxErrors } from './syntax-errors.ts';
import type { YamlAlias, YamlMap, YamlNode, YamlScalar } from './tree.ts';

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
const CORE_TAG = /^!!(?:str|int|float|bool|null|map|seq)$|^!<tag:yaml\.org,2002:(?:str|int|float|bool|null|map|seq)>$/;
const TEXT_TAG = /^(?:!!str|!<tag:yaml\.org,2002:str>)$/;

/**
 * Reads one YAML document. Refuses what is too large, too deep or not one document, duplicate keys, unknown tags, and aliases
 * that would multiply. Aliases and merge keys (`<<`) are written out.
 */
export function readYaml(source: string, limits: SourceLimits = DEFAULT_SOURCE_LIMITS): ReadResult {
  const refused = guardSource(source, limits);
  if (refused !== undefined) return { problems: [refused] };
  let read: ReadTrees;
  try {
    read = readLeniently(source, limits.maxDepth);
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    return { problems: syntaxErrors(source, limits, error, lineCounter(source)).slice(0, MAX_PROBLEMS) };
  }
  const { trees, text, at } = read;
  const [tree, second] = trees;
  if (tree === undefined) return { problems: [illegal('the source is empty')] };
  if (second !== undefined) return { problems: [illegal('expected a single document', at(second.start))] };
  const conversion = new Conversion(at, limits.maxDepth);
  const value = conversion.convert(tree, 1);
  if (conversion.problems.length > 0) return { problems: conversion.problems.slice(0, MAX_PROBLEMS) };
  return { document: { value, ...createLocator(text, tree, conversion.targets, at) }, problems: [] };
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
  readonly targets = new Map<YamlAlias, YamlNode>();
  private readonly anchors = new Map<string, YamlNode>();
  private readonly at: (offset: number) => Place;
  private readonly maxDepth: number;
  private values = 0;
  private stopped = false;

  constructor(at: (offset: number) => Place, maxDepth: number) {
    this.at = at;
    this.maxDepth = maxDepth;
  }

  convert(node: YamlNode, depth: number): unknown {
    this.values += 1;
    if (this.stopped) return undefined;
    if (this.values > MAX_VALUES) return this.stop(`its aliases make more than ${MAX_VALUES} values`, node);
    if (depth > this.maxDepth) return this.stop(`maps and lists are nested deeper than ${this.maxDepth} levels`, node);
    if (node.kind === 'alias') return this.convertAlias(node, depth);
    if (node.tag !== undefined && !CORE_TAG.test(node.tag))
      return this.report(`the tag ${node.tag} is not known`, node);
    const value = this.convertContent(node, depth);
    // An anchor can be used only after the whole node that carries it, so a node never contains itself.
    if (node.anchor !== undefined) this.anchors.set(node.anchor, node);
    return value;
  }

  private convertContent(node: Exclude<YamlNode, YamlAlias>, depth: number): unknown {
    if (node.kind === 'list') return node.items.map((item) => this.convert(item, depth + 1));
    if (node.kind === 'map') return this.convertMap(node, depth);
    // Neither the store nor any tool takes them.
    return node.text.includes('\0') ? this.report('a text has a NUL character', node) : convertScalar(node);
  }

  private convertAlias(node: YamlAlias, depth: number): unknown {
    const target = this.anchors.get(node.anchor);
    if (target === undefined) return this.report(`the anchor &${node.anchor} is not known here`, node);
    this.targets.set(node, target);
    return this.convert(target, depth);
  }

  private convertMap({ pairs }: YamlMap, depth: number): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    const merges: YamlNode[] = [];
    for (const { key, value } of pairs) {
      if (key.kind !== 'scalar') {
        this.report('keys must be texts', key);
        continue;
      }
      const name = key.text;
      if (name === '<<' && key.plain) merges.push(value);
      else if (name === '__proto__') this.report('"__proto__" cannot be a key', key);
      else if (Object.hasOwn(map, name)) this.report(`Duplicate field "${name}"`, key);
      else map[name] = this.convert(value, depth + 1);
    }
    for (const merge of merges) this.mergeInto(map, merge, depth);
    return map;
  }

  /** A merge key gives what the map does not say itself; of several maps the earlier wins. */
  private mergeInto(map: Record<string, unknown>, node: YamlNode, depth: number): void {
    const given = this.convert(node, depth);
    for (const source of Array.isArray(given) ? given : [given]) {
      if (typeof source !== 'object' || source === null || Array.isArray(source)) {
        if (!this.stopped) this.report('a merge key (<<) takes a map or a list of maps', node);
        continue;
      }
      for (const [name, value] of Object.entries(source)) if (!Object.hasOwn(map, name)) map[name] = value;
    }
  }

  private report(message: string, node: YamlNode): undefined {
    this.problems.push(illegal(message, this.at(node.start)));
    return undefined;
  }

  private stop(message: string, node: YamlNode): undefined {
    if (!this.stopped) this.report(message, node);
    this.stopped = true;
    return undefined;
  }
}

const convertScalar = ({ text, plain, tag }: YamlScalar): unknown =>
  !plain || (tag !== undefined && TEXT_TAG.test(tag)) ? text : resolvePlainScalar(text);
