import type { Flow, PluginDefault } from '@tiercel/model';
import type { PluginRegistry } from '@tiercel/plugin-kit';
import { checkExpressions, type ExpressionErrors } from './checks/expressions.ts';
import { checkInputDependencies } from './checks/input-dependencies.ts';
import { checkInputNesting } from './checks/input-nesting.ts';
import { createReferences } from './checks/references.ts';
import { checkRecursion } from './checks/recursion.ts';
import { checkUniqueIds } from './checks/unique-ids.ts';
import type { Problem } from './problem.ts';
import { createReader, isRawMap, kindOf, type RawMap, type Reader } from './reader.ts';
import { readFlowProperties } from './sections/flow-properties.ts';
import { readInputs } from './sections/inputs.ts';
import { readLabels } from './sections/labels.ts';
import { readConcurrency, readFlowRetry, readSla } from './sections/limits.ts';
import { readListeners } from './sections/listeners.ts';
import { readOutputs } from './sections/outputs.ts';
import { injectDefaults } from './sections/inject-defaults.ts';
import { readPluginDefaults } from './sections/plugin-defaults.ts';
import { readTasks, type PlacedTask } from './sections/tasks.ts';
import { readTriggers } from './sections/triggers.ts';
import { DEFAULT_SOURCE_LIMITS, type SourceLimits } from './yaml/guard.ts';
import { reportNotYet } from './unknown-names.ts';
import { readYaml, type YamlDocument } from './yaml/read.ts';

/** Plugin defaults from outside a flow, by its namespace: lists, strongest first. */
export type DefaultsOfNamespace = (namespace: string) => readonly (readonly PluginDefault[])[];

export interface ParseOptions {
  readonly registry: PluginRegistry;
  readonly tenant: string;
  /** Revision to give to the flow, default 1; a revision in the source is ignored (execution-semantics.md §10.1). */
  readonly revision?: number;
  /** Largest source in bytes of UTF-8, default 4 MiB. */
  readonly maxBytes?: number;
  /**
   * How texts that are no expressions count; default `problem`, of a stored flow `warning`. The reference tells of them only when one is
   * rendered: a flow that it accepts may have one in a branch that never runs.
   */
  readonly expressionErrors?: ExpressionErrors;
  /** It was accepted once, perhaps by an older version: rules that came later only warn. */
  readonly stored?: boolean;
  /** Plugin defaults beside those of the flow itself, strongest first: of its namespace, of the server. */
  readonly defaults?: DefaultsOfNamespace;
}

/** What a source says of its flow, as far as it could be read. */
export interface SourceIdentity {
  readonly id?: string;
  readonly namespace?: string;
  /** The revision named in the source, for clients that want to know whether it is outdated. */
  readonly revision?: number;
}

export interface ParseResult {
  /** The flow with plugin defaults applied, as it is executed. Only without problems. */
  readonly flow?: Flow;
  /** The flow without them, as people see it; the same object when there are none. */
  readonly written?: Flow;
  readonly identity: SourceIdentity;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
  /** Paths of deprecated properties (`inputs[1].name`). Types under older names are in `infos`. */
  readonly deprecations: readonly string[];
  readonly infos: readonly string[];
}

/**
 * Parses and validates the source of a flow (execution-semantics.md §10; YAML, hence JSON too). Never throws for anything in the
 * source: what is wrong is in `problems`, in the order of the text.
 */
export function parseFlow(source: string, options: ParseOptions): ParseResult {
  const limits: SourceLimits = {
    ...DEFAULT_SOURCE_LIMITS,
    ...(options.maxBytes === undefined ? {} : { maxBytes: options.maxBytes }),
  };
  const { document, problems } = readYaml(source, limits);
  if (document === undefined) return { identity: {}, problems, warnings: [], deprecations: [], infos: [] };
  const reader = createReader(document, options.registry);
  const { value } = document;
  const own = isRawMap(value) ? readPluginDefaults(reader, value) : [];
  const sources = [own, ...otherDefaults(value, options)];
  const isPlain = sources.every((source) => source.length === 0);
  // Reading changes scalars to what was meant, so each reading has a copy of its own.
  const plain = isPlain ? undefined : structuredClone(value);
  if (isRawMap(value) && !injectDefaults(value, sources, options.registry.canonical)) {
    reader.constraint(['pluginDefaults'], 'give more values than a flow may have; give fewer, or to fewer tasks');
    return { ...findingsOf(reader), problems: reader.problems };
  }
  const flow = isRawMap(value) ? readFlow(reader, value, options, own) : notAMap(reader, document);
  const findings = findingsOf(reader);
  if (flow === undefined || reader.problems.length > 0) return { ...findings, problems: inOrder(reader.problems) };
  // What is missing without the defaults is no mistake: nobody is told.
  const written = isRawMap(plain) ? readFlow(createReader(document, options.registry), plain, options, own) : flow;
  return { ...findings, flow, written: written ?? flow, problems: [] };
}

const findingsOf = ({ document, warnings, deprecations, infos }: Reader): Omit<ParseResult, 'problems'> => ({
  identity: identityOf(document.value),
  warnings,
  deprecations,
  infos,
});

/** Plugin defaults from outside a source, strongest first (execution-semantics.md §10.5). */
const otherDefaults = (value: unknown, { defaults }: ParseOptions): readonly (readonly PluginDefault[])[] => {
  const namespace = isRawMap(value) ? value['namespace'] : undefined;
  return typeof namespace === 'string' ? (defaults?.(namespace) ?? []) : [];
};

function notAMap(reader: Reader, document: YamlDocument): undefined {
  const what = document.value === null ? 'nothing' : `a ${kindOf(document.value)}`;
  reader.structure([], `Illegal flow yaml: expected a map with id, namespace and tasks, but got ${what}`);
}

function readFlow(
  reader: Reader,
  raw: RawMap,
  options: ParseOptions,
  pluginDefaults: readonly PluginDefault[],
): Flow | undefined {
  const later = options.stored === true ? 'warning' : 'problem';
  const properties = readFlowProperties(reader, raw);
  const labels = readLabels(reader, raw['labels'], ['labels']);
  const inputs = readInputs(reader, raw['inputs'], later);
  const seen: PlacedTask[] = [];
  const tasks = readTasks(reader, raw['tasks'], ['tasks'], seen);
  if (tasks.length === 0 && (raw['tasks'] === undefined || Array.isArray(raw['tasks'])))
    reader.constraint(['tasks'], 'must not be empty');
  const errors = readTasks(reader, raw['errors'], ['errors'], seen);
  const after = readAfter(reader, raw, seen);
  const triggers = readTriggers(reader, raw['triggers']);
  const outputs = readOutputs(reader, raw['outputs']);
  checkUniqueIds(reader, raw, seen);
  checkInputNesting(reader, inputs);
  checkInputDependencies(reader, inputs);
  const references = createReferences(reader, { tasks: seen, inputs, variables: raw['variables'] });
  checkExpressions(reader, raw, seen, options.expressionErrors ?? later, references);
  if (properties === undefined) return undefined;
  checkRecursion(reader, properties, seen);
  return {
    tenant: options.tenant,
    revision: options.revision ?? 1,
    ...properties,
    labels,
    inputs,
    tasks,
    errors,
    ...after,
    ...readLimits(reader, raw),
    ...(pluginDefaults.length === 0 ? {} : { pluginDefaults }),
    triggers,
    outputs,
  };
}

/** Tasks that run when all is over. */
function readAfter(reader: Reader, raw: RawMap, seen: PlacedTask[]): Partial<Flow> {
  const lists: { finally?: Flow['tasks']; afterExecution?: Flow['tasks'] } = {};
  for (const name of ['finally', 'afterExecution'] as const) {
    const tasks = readTasks(reader, raw[name], [name], seen);
    if (tasks.length === 0) continue;
    reportNotYet(reader, [name], `"${name}"`);
    lists[name] = tasks;
  }
  const listeners = readListeners(reader, raw['listeners'], seen);
  return { ...lists, ...(listeners.length === 0 ? {} : { listeners }) };
}

function readLimits(reader: Reader, raw: RawMap): Partial<Flow> {
  const concurrency = readConcurrency(reader, raw['concurrency']);
  const retry = readFlowRetry(reader, raw['retry']);
  const sla = readSla(reader, raw['sla']);
  return {
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(retry === undefined ? {} : { retry }),
    ...(sla.length === 0 ? {} : { sla }),
  };
}

function identityOf(value: unknown): SourceIdentity {
  if (!isRawMap(value)) return {};
  const { id, namespace, revision } = value;
  return {
    ...(typeof id === 'string' ? { id } : {}),
    ...(typeof namespace === 'string' ? { namespace } : {}),
    ...(typeof revision === 'number' ? { revision } : {}),
  };
}

/** By place in the text; what has no place (something missing) stays where it was found. */
const inOrder = (problems: readonly Problem[]): readonly Problem[] => {
  const placed = problems.filter((problem) => problem.line !== undefined);
  const missing = problems.filter((problem) => problem.line === undefined);
  placed.sort((a, b) => a.line! - b.line! || (a.column ?? 0) - (b.column ?? 0));
  return [...missing, ...placed];
};
