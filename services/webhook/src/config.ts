import { defineConfig } from '@tiercel/runtime';
import { z } from 'zod';

/** Settings of the webhook service. Times in ms. */
export const webhookConfig = defineConfig({
  section: 'webhook',
  schema: z.object({
    host: z.string().default('0.0.0.0').describe('address to listen on'),
    port: z
      .number()
      .int()
      .min(0)
      .max(65_535)
      .optional()
      .describe('port of the public door for webhooks; without it `server local` opens none'),
    drain: z.number().int().min(0).default(10_000).describe('how long a stop waits for requests'),
  }),
});

export type WebhookConfig = z.output<typeof webhookConfig.schema>;
