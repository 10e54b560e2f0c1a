export * from './run-context.ts';
export * from './define.ts';
export * from './properties.ts';
export * from './registry.ts';
