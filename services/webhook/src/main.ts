import { intakeOf, type Platform } from '@tiercel/platform';
import type { OpsHandler } from '@tiercel/runtime';
import type { WebhookConfig } from './config.ts';
import { createPublicDoor, type PublicDoor } from './door.ts';

/** The public door of this process, wired to its platform; `start` it on a port. */
export function webhookOf(platform: Platform, config: WebhookConfig, ops: OpsHandler): PublicDoor {
  return createPublicDoor({
    door: { intake: intakeOf(platform), executions: platform.queries, clock: platform.clock.now },
    log: platform.logger.child({ service: 'webhook' }),
    ops,
    drain: config.drain,
  });
}
