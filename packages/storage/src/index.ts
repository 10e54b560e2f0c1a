export * from './port.ts';
export * from './layout.ts';
export { createLocalStorage } from './local-storage.ts';
