import type { Platform } from '@tiercel/platform';
import { housekeeping } from '@tiercel/store';
import { createScheduler, type Scheduler } from './scheduler.ts';

/** A scheduler of this process, wired to its platform; `start` it. */
export function schedulerOf(platform: Platform): Scheduler {
  return createScheduler({
    id: `scheduler-${platform.instance}`,
    store: platform.store,
    router: platform.router,
    queue: platform.queue,
    bus: platform.bus,
    clock: platform.clock,
    log: platform.logger.child({ service: 'scheduler' }),
    housekeeping: () => housekeeping(platform.database, platform.clock.now()),
  });
}
