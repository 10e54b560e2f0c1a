export { createEmbeddedPlatform, type Platform, type PlatformOptions } from './platform.ts';
export {
  executorConfig,
  serverConfig,
  workerConfig,
  type ExecutorConfig,
  type ServerConfig,
  type WorkerConfig,
} from './config.ts';
export { builtInRegistry } from './registry.ts';
export { systemClock } from './clock.ts';
export { intakeOf } from './intake.ts';
