export { describeProblem, pathText, withPlace, type Path, type Place, type Problem } from './problem.ts';
export { parseFlow, type ParseOptions, type ParseResult, type SourceIdentity } from './parse-flow.ts';
export { DEFAULT_SOURCE_LIMITS, type SourceLimits } from './yaml/guard.ts';
export { splitDocuments } from './yaml/documents.ts';
export { childTasks, NESTED_TASK_PROPERTIES, type NestedTask } from './walk.ts';
export { conditionName, type ConditionName } from './sections/conditions.ts';
export { SYSTEM_LABEL_PREFIX } from './sections/labels.ts';
export { compilePattern, type Pattern } from './pattern.ts';
