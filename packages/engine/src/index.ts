export { advance, look } from './advance.ts';
export { check, project, type Checked, type Projection, type Refusal } from './operations.ts';
export { compileFlow, type FlowGraph, type TaskNode } from './flow-graph.ts';
export { ExecutionState } from './state.ts';
export { owed, owesALook, type Owed } from './owed.ts';
export { buildVariables, executionVariables, jobVariables, nest, type ServerVariables } from './variables.ts';
export { merge } from './outputs.ts';
export type { AdvanceContext, Effects, EngineLog } from './step.ts';
export { DEFAULT_GROUP, workerGroupOf, type TaskTypes } from './task-types.ts';
