export * from './port.ts';
export { createMemoryQueue } from './memory-queue.ts';
export { createMemoryBus } from './memory-bus.ts';
export { ALIVE_MS, createMembership, executorsOf, type Membership } from './membership.ts';
export { createMemoryMessaging } from './memory-messaging.ts';
export { createHintRouter, rendezvous, type HintRouter } from './hint-router.ts';
