export { describeProblem, pathText, withPlace, type Path, type Place, type Problem } from './problem.ts';
export {
  parseFlow,
  type DefaultsOfNamespace,
  type ParseOptions,
  type ParseResult,
  type SourceIdentity,
} from './parse-flow.ts';
export { DEFAULT_SOURCE_LIMITS, type SourceLimits } from './yaml/guard.ts';
export { readConfiguredDefaults, type ConfiguredDefaults, type GivenDefaults } from './configured-defaults.ts';
export { splitDocuments } from './yaml/documents.ts';
export { childTasks, NESTED_TASK_PROPERTIES, type NestedTask } from './walk.ts';
export { conditionName, type JudgedCondition } from './sections/conditions.ts';
export { SYSTEM_LABEL_PREFIX } from './sections/labels.ts';
export { compilePattern, type Pattern } from './pattern.ts';
export { createFlowCache, type CachedFlow, type FlowCache, type FlowCacheOptions, type Repeat } from './flow-cache.ts';
export { sourceOfJson } from './json-source.ts';
export { allTasks, findTask } from './walk.ts';
export type { ExpressionErrors } from './checks/expressions.ts';
export { migrateFlow, type Migration } from './migrate/migrate.ts';
export type { Finding } from './migrate/edits.ts';
export { commonProperties } from './describe/common-properties.ts';
export { inputClass, inputSchema, isInputType } from './describe/input-types.ts';
export { languageSchema, SCHEMA_KINDS, type SchemaKind } from './describe/language-schema.ts';
export { setDisabled } from './edit/set-disabled.ts';
export { replaceTask } from './edit/replace-task.ts';
export { parsePart } from './parse-part.ts';
export { flowGraph } from './graph/flow-graph.ts';
export { createTopology, maybeRelated, type Topology } from './graph/topology.ts';
export { createNamespaceTopology, mayRelateFlows } from './graph/namespace-topology.ts';
