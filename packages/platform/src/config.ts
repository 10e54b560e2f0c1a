import { defineConfig } from '@tiercel/runtime';
import { z } from 'zod';

const whole = (fallback: number, description: string): z.ZodDefault<z.ZodNumber> =>
  z.number().int().min(1).default(fallback).describe(description);

const aesKey = z.base64().refine((key) => [16, 24, 32].includes(Buffer.from(key, 'base64').length));

/** Settings that every service shares. Times in ms. */
export const serverConfig = defineConfig({
  section: 'server',
  secrets: ['encryptionKey'],
  env: { encryptionKey: ['TIERCEL_ENCRYPTION_KEY'] },
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
    encryptionKey: aesKey.optional().describe('Base64 of 16, 24 or 32 bytes'),
    plugins: z
      .array(z.string().min(1))
      .default([])
      .describe('plugins from outside: names of installed packages, or paths of packages and .mjs files'),
    pluginFolder: z.string().min(1).optional().describe('folder of which each package and .mjs file is a plugin'),
    pluginDefaults: z
      .array(z.json())
      .default([])
      .describe('plugin defaults for all flows: a list of {type, values, forced}; in the environment as JSON'),
    namespaceDefaults: z
      .record(z.string(), z.array(z.json()))
      .default({})
      .describe(
        'plugin defaults by namespace, which hold for the namespaces below it, too; in the environment as JSON',
      ),
    databasePool: whole(12, 'connections to PostgreSQL'),
    webhookDeliveryTtl: whole(86_400_000, "how long a webhook sender's delivery id is remembered, ms"),
  }),
});

const text = (description: string): z.ZodString => z.string().min(1).describe(description);

/** What the services of a cluster stand on, besides the database. */
export const clusterConfig = defineConfig({
  section: 'cluster',
  secrets: ['encryptionKey'],
  env: { databaseUrl: ['DATABASE_URL'], redisUrl: ['REDIS_URL'], encryptionKey: ['TIERCEL_ENCRYPTION_KEY'] },
  schema: z.object({
    databaseUrl: z
      .url({ protocol: /^postgres(ql)?$/, error: 'must be a URL such as postgresql://user:password@host:5432/tiercel' })
      .describe('PostgreSQL of the cluster'),
    redisUrl: z
      .url({ protocol: /^rediss?$/, error: 'must be a URL such as redis://user:password@host:6379/0' })
      .optional()
      .describe('Redis for queues and live events; without it they go through PostgreSQL'),
    encryptionKey: aesKey.describe(
      'Base64 of 16, 24 or 32 random bytes, the same for all services; `openssl rand -base64 32` makes one',
    ),
  }),
});

/** The S3-compatible internal storage. */
export const s3Config = defineConfig({
  section: 's3',
  secrets: ['secretAccessKey'],
  env: {
    endpoint: ['S3_ENDPOINT'],
    region: ['S3_REGION'],
    bucket: ['S3_BUCKET'],
    accessKeyId: ['S3_ACCESS_KEY_ID'],
    secretAccessKey: ['S3_SECRET_ACCESS_KEY'],
    forcePathStyle: ['S3_FORCE_PATH_STYLE'],
    prefix: ['S3_PREFIX'],
  },
  schema: z.object({
    endpoint: z
      .url({ protocol: /^https?$/, error: 'must be a URL such as https://s3.example.com' })
      .optional()
      .describe('S3-compatible server; default: AWS'),
    region: z.string().min(1).default('us-east-1').describe('region of the bucket'),
    bucket: text('bucket of the internal storage'),
    accessKeyId: text('access key'),
    secretAccessKey: text('secret key'),
    forcePathStyle: z.boolean().default(false).describe('true for servers that know no bucket as a host name'),
    prefix: z.string().default('').describe('beginning of all keys in the bucket'),
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

export type ClusterConfig = z.output<typeof clusterConfig.schema>;
export type S3Config = z.output<typeof s3Config.schema>;
export type ServerConfig = z.output<typeof serverConfig.schema>;
export type WorkerConfig = z.output<typeof workerConfig.schema>;
export type ExecutorConfig = z.output<typeof executorConfig.schema>;
