import { defineConfig } from '@tiercel/runtime';
import { z } from 'zod';

const whole = (fallback: number, description: string): z.ZodDefault<z.ZodNumber> =>
  z.number().int().min(1).default(fallback).describe(description);

/** Settings that every service shares. Times in ms. */
export const serverConfig = defineConfig({
  section: 'server',
  secrets: ['encryptionKey'],
  env: { encryptionKey: ['TIERCEL_ENCRYPTION_KEY'], databaseUrl: ['DATABASE_URL'] },
  schema: z.object({
    logLevel: z
      .enum(['trace', 'debug', 'info', 'warn', 'error'])
      .default('info')
      .describe('lowest level that is logged'),
    zone: z.string().default('UTC').describe('time zone of the server, for expressions'),
    locale: z.string().default('en_US').describe('locale of the server, for expressions'),
    environmentPrefix: z.string().default('KESTRA_').describe('environment variables with it are visible as `envs`'),
    globals: z.record(z.string(), z.json()).default({}).describe('the variable `globals` of expressions'),
    recursiveRendering: z.boolean().default(false).describe('render the results of expressions again'),
    encryptionKey: z.string().optional().describe('Base64 of 16, 24 or 32 bytes'),
    databaseUrl: z.string().optional().describe('PostgreSQL to use'),
    databasePool: whole(12, 'connections to PostgreSQL'),
    webhookDeliveryTtl: whole(86_400_000, "how long a webhook sender's delivery id is remembered, ms"),
  }),
});

export const workerConfig = defineConfig({
  section: 'worker',
  schema: z.object({
    capacity: whole(32, 'tasks at a time'),
    group: z.string().min(1).default('default').describe('worker group that this worker serves'),
    workingRoot: z.string().optional().describe('folder for working directories; default: that of the system'),
    gracePeriod: whole(30_000, 'how long a stop waits for running tasks, ms'),
    cutOff: whole(60_000, 'a worker that has not reached the database for so long kills its tasks, ms'),
  }),
});

export const executorConfig = defineConfig({
  section: 'executor',
  schema: z.object({
    runsPerStep: whole(500, 'task runs that one step may start before it commits'),
    cachedTaskRuns: whole(50_000, 'task runs of idle executions kept in memory'),
  }),
});

export type ServerConfig = z.output<typeof serverConfig.schema>;
export type WorkerConfig = z.output<typeof workerConfig.schema>;
export type ExecutorConfig = z.output<typeof executorConfig.schema>;
