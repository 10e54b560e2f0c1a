import { createTestDatabase, type TestDatabase } from '@tiercel/testkit';
import { busContract } from '../bus.contract.ts';
import { queueContract } from '../queue.contract.ts';
import { killVictim } from '../testing/kill-victim.ts';
import { memoryLog } from '../testing/log.ts';
import { createPostgresMessaging } from './index.ts';

let db: TestDatabase;
const backend = {
  start: async () => void (db = await createTestDatabase()),
  stop: () => db.close(),
  messaging: (instance: string) => createPostgresMessaging({ connection: db.connection, instance, log: memoryLog() }),
};

queueContract('PostgreSQL', {
  ...backend,
  victim: (queue) => killVictim({ queue, connection: db.connection }),
  stalledOften: async (queue) => {
    await db.database.query('UPDATE bullmq.job SET stalled_count = 1000000 WHERE queue = $1', [queue]);
  },
});
busContract('PostgreSQL', backend);
