// A process that takes a message of a queue, says so, and holds it until it is killed. Its only argument is JSON.
import { createPostgresMessaging, type PostgresMessagingOptions } from '../postgres/index.ts';
import { createRedisMessaging } from '../redis/index.ts';

interface Orders {
  readonly queue: string;
  readonly url?: string;
  readonly connection?: PostgresMessagingOptions['connection'];
}

const { queue, url, connection } = JSON.parse(process.argv[2] ?? '') as Orders;
const say = (): undefined => undefined;
const log = { debug: say, info: say, warn: say, error: say };
const messaging =
  url === undefined
    ? await createPostgresMessaging({ connection: connection!, instance: 'victim', log })
    : await createRedisMessaging({ url, cluster: 'test', instance: 'victim', log });
messaging.queue.consume(queue, { concurrency: 1 }, () => {
  process.stdout.write('taken\n');
  return new Promise(() => undefined);
});
