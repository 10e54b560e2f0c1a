import { Queue as BullQueue, type IQueueBackend, type JobsOptions } from 'bullmq';
import {
  assertMessageId,
  type ConsumeOptions,
  type Consumer,
  type MessagingLog,
  type Queue,
  type QueueItem,
  type QueueMessage,
} from '../port.ts';
import { createThrottled, type Throttled } from '../throttled.ts';
import type { BullBackend } from './backend.ts';
import { BullConsumer } from './consumer.ts';
import { Outbox } from './outbox.ts';

export interface BullQueuesOptions {
  readonly backend: BullBackend;
  readonly log: MessagingLog;
}

/** Queues over BullMQ, with what its backends need of them. */
export interface BullQueues extends Queue {
  /** Tells the listeners of `onWiped`, and writes down again what BullMQ must know of each queue. */
  wiped(): void;
  /** Messages that could not be sent since the start. */
  dropped(): number;
}

const JOB_OPTIONS: JobsOptions = { attempts: 1, removeOnComplete: true, removeOnFail: true };

/** Least time between two lines in the log about the same trouble, ms. */
const QUIET = 5_000;

/** Queues that are remembered. */
const MOST_KNOWN = 256;

/** What has to be expected of a backend that was wiped, restarted or away. */
const EXPECTED =
  /Missing (lock|key)|could not renew lock|Connection is closed|Connection terminated|ECONN|ETIMEDOUT|EPIPE|enableOfflineQueue|Command timed out|is not in the active state|lock mismatch|LOADING|Socket closed|Socket timeout/i;

// BullMQ refuses ids that look like numbers, and keeps what belongs to a queue beside its jobs ("wait", "meta" …).
const jobIdOf = (id: string): string => `.${id}`;
const bullName = (queue: string): string => queue.replaceAll('%', '%25').replaceAll(':', '%3A');

type Named = BullQueue<unknown, unknown, string, unknown, unknown, string, IQueueBackend>;

export function createBullQueues({ backend, log }: BullQueuesOptions): BullQueues {
  const queues = new Map<string, Named>();
  const consumers = new Set<BullConsumer>();
  const listeners: (() => void)[] = [];
  let dropped = 0;
  let lastError: unknown;
  const lines: Throttled[] = [];
  const dropping = createThrottled(QUIET, (count) =>
    log.warn({ count, error: lastError }, 'messages could not be sent; the reconciler will send them again'),
  );
  const trouble = createThrottled(QUIET, (count) => log.warn({ count, error: lastError }, 'trouble with the queues'));
  lines.push(dropping, trouble);
  const onTrouble = (error: unknown): void => {
    if (
      EXPECTED.test(error instanceof Error ? `${error.message} ${String((error as NodeJS.ErrnoException).code)}` : '')
    ) {
      return log.debug({ error }, 'the queues went through a break');
    }
    lastError = error;
    trouble.happened();
  };
  const make = (name: string, skipMetasUpdate: boolean): Named => {
    const streams = { events: { maxLen: backend.maxEvents } };
    const options = { connection: {}, streams, skipMetasUpdate };
    const queue: Named = new BullQueue(bullName(name), options, (bull) => backend.producer(bull));
    queue.on('error', onTrouble);
    return queue;
  };
  const queueOf = (name: string): Named => {
    let queue = queues.get(name);
    if (queue === undefined) {
      // Executors come and go, and each has a queue; these objects hold nothing that would have to be closed.
      for (const oldest of queues.keys()) if (queues.size >= MOST_KNOWN) queues.delete(oldest);
      queues.set(name, (queue = make(name, false)));
    }
    return queue;
  };
  /** For a look: writes nothing down about a queue that may not exist. */
  const seen = (name: string): Named => queues.get(name) ?? make(name, true);
  const outbox = new Outbox({
    open: backend.open,
    parallel: backend.parallel,
    send: async (name, items) => {
      const jobs = items.map(({ id, message }) => ({
        name: 'message',
        data: backend.encode(message),
        opts: { ...JOB_OPTIONS, jobId: jobIdOf(id) },
      }));
      const queue = queueOf(name);
      const [first, ...more] = jobs;
      if (first === undefined) return;
      // A pipeline for one costs more than the one.
      const add = (): Promise<unknown> =>
        more.length === 0 ? queue.add(first.name, first.data, first.opts) : queue.addBulk(jobs);
      // A Redis that forgot its scripts gets them with the next try; ids make it a repeat.
      await add().catch((error: unknown) => {
        if (error instanceof Error && error.message.includes('NOSCRIPT')) return add();
        throw error;
      });
    },
    onDropped: (_, count, error) => {
      dropped += count;
      lastError = error;
      dropping.happened(count);
    },
  });
  return {
    add<M extends QueueMessage>(name: string, items: readonly QueueItem<M>[]): void {
      for (const { id } of items) assertMessageId(id);
      outbox.add(name, items);
    },
    consume<M extends QueueMessage>(
      name: string,
      options: ConsumeOptions,
      handler: (message: M) => Promise<void>,
    ): Consumer {
      const consumer = new BullConsumer({
        backend,
        queue: bullName(name),
        concurrency: options.concurrency,
        handler: handler as (message: QueueMessage) => Promise<void>,
        log,
        onTrouble,
      });
      consumers.add(consumer);
      return {
        pause: () => consumer.pause(),
        stop: async () => {
          await consumer.stop();
          consumers.delete(consumer);
        },
      };
    },
    counts: async (name) => {
      const { waiting = 0, active = 0 } = await seen(name).getJobCounts('waiting', 'active');
      return { waiting, active };
    },
    remove: async (name) => {
      outbox.forget(name);
      await make(name, true).obliterate({ force: true });
      // What BullMQ keeps about the queue went with it; whoever uses the name again writes it again.
      queues.delete(name);
    },
    onWiped: (listener) => void listeners.push(listener),
    wiped() {
      for (const queue of queues.values()) {
        queue.getBackend().setQueueMeta(queue.metaValues).catch(onTrouble);
      }
      for (const listener of listeners) listener();
    },
    dropped: () => dropped,
    close: async () => {
      await Promise.all([...consumers].map((consumer) => consumer.stop()));
      for (const line of lines) line.close();
    },
  };
}
