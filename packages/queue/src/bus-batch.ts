import type { BusTopic, BusTopics } from '@tiercel/contracts';
import { createMemoryBus } from './memory-bus.ts';
import type { Bus, MessagingLog } from './port.ts';

/** An event as it travels: topic and content. */
type Sent = readonly [BusTopic, BusTopics[BusTopic]];

/**
 * Two channels: what those who watch executions want to hear (there is much of it, and only gateways do), and what
 * concerns everybody. A process hears the first only if it has asked for some of it.
 */
export type BusChannel = 'watch' | 'control';

const CHANNELS: Readonly<Record<BusTopic, BusChannel>> = {
  execution: 'watch',
  logs: 'watch',
  operation: 'watch',
  kill: 'control',
  flow: 'control',
  members: 'control',
};

export interface CarrierOptions {
  /** Of this process. */
  readonly instance: string;
  readonly log: MessagingLog;
  /** Takes a batch on its way; never throws. Each is the JSON of `[instance, topic, event, topic, event …]`. */
  readonly send: (channel: BusChannel, batches: readonly string[]) => void;
  /** Called once for each channel, when the first handler asks for something of it. */
  readonly listen: (channel: BusChannel) => void;
  /** The most bytes that a batch may have; an event that is longer alone is not sent to others. */
  readonly maxBytes: number;
  /** Ends the carrier behind it. */
  readonly close: () => Promise<void>;
}

/** A bus whose own handlers get events at once, and those of other processes in batches of one turn of the event loop. */
export interface CarriedBus extends Bus {
  /** A batch has come; one of our own, or one that is no batch, is ignored. */
  received(text: string): void;
}

export function createCarriedBus({ instance, log, send, listen, maxBytes, close }: CarrierOptions): CarriedBus {
  const local = createMemoryBus({ onError: (error) => log.error({ error }, 'a handler of live events failed') });
  const sender = JSON.stringify(instance);
  const heard = new Set<BusChannel>();
  const waiting = new Map<BusChannel, string[]>();
  const tooLong = (bytes: number): void => log.debug({ bytes }, 'a live event is too long to be sent');
  const flush = (): void => {
    for (const [channel, events] of waiting) send(channel, batchesOf(sender, events, maxBytes, tooLong));
    waiting.clear();
  };
  return {
    publish<T extends BusTopic>(topic: T, event: BusTopics[T]): void {
      local.publish(topic, event);
      if (waiting.size === 0) setImmediate(flush);
      const text = `${JSON.stringify(topic)},${JSON.stringify(event)}`;
      const channel = CHANNELS[topic];
      const events = waiting.get(channel);
      if (events === undefined) waiting.set(channel, [text]);
      else events.push(text);
    },
    subscribe: (topic, handler) => {
      const channel = CHANNELS[topic];
      if (!heard.has(channel)) {
        heard.add(channel);
        listen(channel);
      }
      return local.subscribe(topic, handler);
    },
    received(text) {
      for (const [topic, event] of eventsOf(text, instance, log)) local.publish(topic, event);
    },
    close: async () => {
      await local.close();
      await close();
    },
  };
}

function batchesOf(
  sender: string,
  events: readonly string[],
  maxBytes: number,
  tooLong: (bytes: number) => void,
): readonly string[] {
  const batches: string[] = [];
  const brackets = Buffer.byteLength(sender) + 2;
  let batch = '';
  let size = brackets;
  const end = (): void => {
    if (batch !== '') batches.push(`[${sender}${batch}]`);
    batch = '';
    size = brackets;
  };
  for (const event of events) {
    const bytes = Buffer.byteLength(event) + 1;
    if (brackets + bytes > maxBytes) {
      tooLong(bytes);
      continue;
    }
    if (size + bytes > maxBytes) end();
    batch += `,${event}`;
    size += bytes;
  }
  end();
  return batches;
}

function eventsOf(text: string, instance: string, log: MessagingLog): readonly Sent[] {
  let parts: unknown;
  try {
    parts = JSON.parse(text);
  } catch (error) {
    log.debug({ error }, 'what came over the bus is no JSON');
    return [];
  }
  if (!Array.isArray(parts) || typeof parts[0] !== 'string') {
    log.debug({}, 'what came over the bus is no batch of events');
    return [];
  }
  if (parts[0] === instance) return [];
  const events: Sent[] = [];
  for (let i = 1; i + 1 < parts.length; i += 2) {
    const [topic, event] = [parts[i] as unknown, parts[i + 1] as unknown];
    if (typeof topic === 'string' && Object.hasOwn(CHANNELS, topic) && typeof event === 'object' && event !== null) {
      events.push([topic as BusTopic, event as BusTopics[BusTopic]]);
    } else log.debug({ topic }, 'an event that came over the bus is not known here');
  }
  return events;
}
