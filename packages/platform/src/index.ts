export type { Platform } from './platform.ts';
export { createEmbeddedPlatform } from './embedded.ts';
export { createDistributedPlatform } from './distributed.ts';
export { PlatformError } from './platform-error.ts';
export {
  clusterConfig,
  executorConfig,
  s3Config,
  serverConfig,
  workerConfig,
  type ExecutorConfig,
  type ServerConfig,
  type WorkerConfig,
} from './config.ts';
export { builtInRegistry, configuredRegistry, languageOfEnvironment, type LanguageOfEnvironment } from './registry.ts';
export { systemClock } from './clock.ts';
export { intakeOf } from './intake.ts';
