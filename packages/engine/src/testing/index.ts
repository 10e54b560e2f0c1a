export * from './flows.ts';
export * from './histories.ts';
export * from './driver.ts';
