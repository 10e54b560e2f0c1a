import { flowTrigger } from './flow.ts';
import { httpTrigger } from './http.ts';
import { schedule, scheduleOnDates } from './schedule.ts';
import { webhook } from './webhook.ts';

export const triggers = [flowTrigger, httpTrigger, schedule, scheduleOnDates, webhook] as const;
