import { createBullQueues } from '../bull/queue.ts';
import { MessagingError, type Messaging, type MessagingLog } from '../port.ts';
import { addressOf, type Address } from './address.ts';
import { createRedisBackend } from './backend.ts';
import { createRedisBus } from './bus.ts';
import { createClients } from './clients.ts';
import { firstContact, type Contact } from './first-contact.ts';
import { createWatch, type Watch } from './watch.ts';

export interface RedisMessagingOptions {
  /** `redis://`, `rediss://` or `unix://`. */
  readonly url: string;
  /** Whose messages these are: the same for all processes that share a database. A Redis serves one. */
  readonly cluster: string;
  /** Of this process. */
  readonly instance: string;
  readonly log: MessagingLog;
  /** Starts even if Redis is away, and makes the checks when it comes. Otherwise it must answer within five seconds. */
  readonly patient?: boolean;
  /** Redis cannot be used after all: it was away at the start, or it was given to another cluster. Nothing is sent any more. */
  readonly onFatal?: (error: MessagingError) => void;
}

const PATIENCE_MS = 5_000;
const BETWEEN_MS = 300;

/**
 * Queues over BullMQ on Redis, and the bus over its pub/sub. A process has two connections, one more when it consumes,
 * and one for each consumer. Throws MessagingError when this Redis cannot be used.
 */
export async function createRedisMessaging(options: RedisMessagingOptions): Promise<Messaging> {
  const { cluster, instance, log, patient = false } = options;
  const address = addressOf(options.url);
  const contact = await contactWithin(address, cluster, patient ? 0 : PATIENCE_MS).catch((error: unknown) => {
    if (patient && error instanceof MessagingError && error.kind === 'unreachable') return error;
    throw error;
  });
  const gate = createGate();
  const clients = createClients(address, instance, log);
  let watch: Watch | undefined;
  const open = (): boolean => gate.isOpen() && clients.producer.status === 'ready' && watch?.answers() === true;
  const backend = createRedisBackend({ clients, log, open, whenAdmitted: gate.whenOpen });
  const queues = createBullQueues({ backend, log });
  const bus = createRedisBus({ clients, cluster, instance, log, open });
  const onFatal = (error: MessagingError): void => {
    log.error({ error }, error.message);
    gate.shut();
    watch?.close();
    options.onFatal?.(error);
  };
  const admit = (found: Contact): void => {
    watch = createWatch({ client: clients.producer, cluster, contact: found, log, onWiped: queues.wiped, onFatal });
    gate.open();
  };
  if (contact instanceof MessagingError) {
    log.warn({ error: contact }, `${contact.message} It is tried again until it can.`);
    void contactLater(address, cluster, () => gate.isShut()).then(
      (found) => found !== undefined && admit(found),
      (error: MessagingError) => onFatal(error),
    );
  } else {
    admit(contact);
    await clientsReady(clients.producer);
  }
  return {
    queue: queues,
    bus,
    identity: () => watch?.identity() ?? '',
    close: async () => {
      await queues.close();
      gate.shut();
      watch?.close();
      await bus.close();
      clients.close();
    },
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Tries until the time is over, as long as nobody answers. */
async function contactWithin(address: Address, cluster: string, ms: number): Promise<Contact> {
  const end = Date.now() + ms;
  for (;;) {
    try {
      return await firstContact(address, cluster);
    } catch (error) {
      const hopeless = !(error instanceof MessagingError) || error.kind === 'refused';
      if (hopeless || Date.now() + BETWEEN_MS >= end) throw error;
      await pause(BETWEEN_MS);
    }
  }
}

/** Tries for ever, or until it is given up. */
async function contactLater(address: Address, cluster: string, givenUp: () => boolean): Promise<Contact | undefined> {
  while (!givenUp()) {
    try {
      return await firstContact(address, cluster);
    } catch (error) {
      if (!(error instanceof MessagingError) || error.kind === 'refused') throw error;
      await pause(BETWEEN_MS);
    }
  }
  return undefined;
}

/** Waits a moment for the connection that messages go out by, so that the first ones are not lost. */
async function clientsReady(client: ReturnType<typeof createClients>['producer']): Promise<void> {
  if (client.status === 'ready') return;
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve) => {
    client.once('ready', resolve);
    timer = setTimeout(resolve, PATIENCE_MS);
  });
  clearTimeout(timer);
}

/** Lets consumers start when Redis has been found good, and nothing out after that has turned out wrong. */
function createGate() {
  let state: 'waiting' | 'open' | 'shut' = 'waiting';
  const waiting = new Set<() => void>();
  return {
    isOpen: (): boolean => state === 'open',
    isShut: (): boolean => state === 'shut',
    open(): void {
      if (state === 'shut') return;
      state = 'open';
      for (const work of waiting) work();
      waiting.clear();
    },
    shut(): void {
      state = 'shut';
      waiting.clear();
    },
    whenOpen(work: () => void): () => void {
      if (state === 'open') work();
      else waiting.add(work);
      return () => void waiting.delete(work);
    },
  };
}
