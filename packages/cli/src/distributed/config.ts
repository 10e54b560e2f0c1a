import { gatewayConfig } from '@tiercel/gateway/config';
import { clusterConfig, executorConfig, s3Config, serverConfig, workerConfig } from '@tiercel/platform';
import { defineConfig, loadConfig } from '@tiercel/runtime';
import { webhookConfig } from '@tiercel/webhook/config';
import { z } from 'zod';

export const SERVICES = ['gateway', 'executor', 'worker', 'scheduler', 'webhook'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** Where a service without a door of its own answers for its health and metrics. */
const opsConfig = defineConfig({
  section: 'ops',
  env: { port: ['PORT'] },
  schema: z.object({
    host: z.string().default('0.0.0.0').describe('address to listen on for health and metrics'),
    port: z.number().int().min(0).max(65_535).default(8090).describe('port for health and metrics; 0 takes a free one'),
  }),
});

/** `PORT` is the port of the service that is started, whichever it is. */
const doorConfig = defineConfig({
  ...webhookConfig,
  env: { port: ['PORT'] },
  schema: webhookConfig.schema.extend({
    port: z.number().int().min(0).max(65_535).default(8081).describe('port of the public door; 0 takes a free one'),
  }),
});

const PARTS = {
  server: serverConfig,
  cluster: clusterConfig,
  s3: s3Config,
  gateway: gatewayConfig,
  webhook: doorConfig,
  executor: executorConfig,
  worker: workerConfig,
  ops: opsConfig,
};

/** Settings of a service from the environment and, if one is named, a file that all services may share. Throws ConfigError. */
export const loadServiceConfig = (environment: NodeJS.ProcessEnv, file?: string) =>
  loadConfig(PARTS, environment, file);

export type ServiceConfig = ReturnType<typeof loadServiceConfig>;
