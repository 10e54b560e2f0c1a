export * from './run-context.ts';
export * from './define.ts';
export * from './dates.ts';
export * from './properties.ts';
export * from './registry.ts';
export * from './time-window.ts';
