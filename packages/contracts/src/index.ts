export * from './messages.ts';
export * from './errors.ts';
export * from './rest/index.ts';
