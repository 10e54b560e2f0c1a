export * from './states.ts';
export * from './ids.ts';
export * from './execution.ts';
export * from './flow.ts';
export * from './operations.ts';
export * from './slugify.ts';
export * from './typed-values.ts';
export * from './clock.ts';
