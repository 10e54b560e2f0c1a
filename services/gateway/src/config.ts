import { defineConfig } from '@tiercel/runtime';
import { z } from 'zod';

/** Settings of the gateway. Sizes in bytes, times in ms. */
export const gatewayConfig = defineConfig({
  section: 'gateway',
  env: { port: ['PORT'] },
  secrets: ['password'],
  schema: z.object({
    host: z.string().default('0.0.0.0').describe('address to listen on'),
    port: z.coerce.number().int().min(0).max(65_535).default(8080).describe('port to listen on; 0 takes a free one'),
    baseUrl: z.string().url().optional().describe('public address of the UI, the start of links'),
    username: z.string().optional().describe('user name for sign-in; without it the API is open'),
    password: z.string().optional().describe('password for sign-in'),
    realm: z.string().default('Kestra').describe('realm of sign-in'),
    openPaths: z
      .array(z.string())
      .default(['/ping', '/api/v1/executions/webhook/', '/api/v1/main/executions/webhook/'])
      .describe('path prefixes that need no sign-in'),
    taskRunLimit: z.coerce.number().int().min(1).max(10_000).default(1000).describe('task runs in one answer'),
    jsonLimit: z.coerce
      .number()
      .int()
      .min(1024)
      .default(10 * 1024 * 1024)
      .describe('largest JSON or text body'),
    uploadLimit: z.coerce
      .number()
      .int()
      .min(1024)
      .default(10 * 1024 ** 3)
      .describe('largest uploaded file'),
    previewInitial: z.coerce.number().int().min(1).default(100).describe('lines of a preview'),
    previewMax: z.coerce.number().int().min(1).default(5000).describe('most lines of a preview'),
    operationWait: z.coerce
      .number()
      .int()
      .min(0)
      .max(60_000)
      .default(1000)
      .describe('how long an operation is waited for'),
    pollInterval: z.coerce.number().int().min(10).default(1000).describe('how often waits and streams re-read'),
    maxStreams: z.coerce.number().int().min(1).default(5000).describe('event streams at a time'),
    systemNamespace: z.string().default('system').describe("namespace of the system's own flows"),
    environmentName: z.string().optional().describe('name shown in the UI'),
    environmentColor: z.string().optional().describe('colour shown in the UI'),
    flowPath: z
      .string()
      .min(1)
      .optional()
      .describe('folder whose flows are loaded and watched; the files say what the flows are'),
    reportTemplates: z.string().optional().describe('folder with templates that replace the built-in ones'),
    ui: z.string().optional().describe('folder with the built UI'),
    drain: z.coerce.number().int().min(0).default(10_000).describe('how long a stop waits for requests'),
  }),
});

export type GatewayConfig = z.output<typeof gatewayConfig.schema>;
