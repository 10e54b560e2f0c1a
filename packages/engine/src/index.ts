export { advance, look } from './advance.ts';
export { check, project, type Checked, type Projection, type Refusal } from './operations.ts';
export { compileFlow, type FlowGraph, type TaskNode } from './flow-graph.ts';
export { ExecutionState } from './state.ts';
export { owed, owesALook, type Owed } from './owed.ts';
export { nest } from './input-variables.ts';
export { buildVariables, hasSealed, jobVariables, type ServerVariables } from './variables.ts';
export {
  compareTimes,
  HIDDEN,
  hasExtension,
  inputReader,
  readTime,
  shownValue,
  ValueProblem,
  type InputPorts,
  type InputReader,
  type TimeType,
} from './values/index.ts';
export { maskSecrets } from './secrets.ts';
export { merge } from './outputs.ts';
export { renderValue, type AdvanceContext, type Effects, type EngineLog } from './step.ts';
export { DEFAULT_GROUP, workerGroupOf, type TaskTypes } from './task-types.ts';
