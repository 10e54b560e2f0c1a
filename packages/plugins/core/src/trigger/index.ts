import { webhook } from './webhook.ts';

export const triggers = [webhook] as const;
