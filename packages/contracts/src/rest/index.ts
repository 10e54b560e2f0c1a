export * from './values.ts';
export * from './execution.ts';
export * from './logs.ts';
export * from './files.ts';
export * from './flows.ts';
export * from './graph.ts';
