import type { BusTopic, BusTopics } from '@tiercel/contracts';
import type { Clock } from '@tiercel/model';
import type { Bus, ConsumeOptions, Consumer, Queue, QueueItem, QueueMessage } from '@tiercel/queue';
import type { Random } from '@tiercel/testkit';
import type { Life } from './life.ts';

/** How bad the network is just now; probabilities for each message. */
export interface Weather {
  loss: number;
  repeat: number;
  late: number;
}

type Handler = (message: QueueMessage) => Promise<void>;

interface NamedQueue {
  readonly waiting: Map<string, QueueMessage>;
  readonly consumers: SimulatedConsumer[];
  next: number;
}

/** How long the real queue takes to hand out again what a dead consumer held, ms. */
const STALLED_MS = 6_000;
const MAX_TRIES = 5;

/** Queues and bus of the whole cluster: messages get lost, come twice, late and out of order, and all may vanish at once. */
export class Network {
  readonly weather: Weather;
  private readonly queues = new Map<string, NamedQueue>();
  private readonly subscribers = new Map<
    BusTopic,
    Set<{ readonly life: Life; readonly handler: (event: never) => void }>
  >();
  private readonly wipeListeners = new Set<{ readonly life: Life; readonly listener: () => void }>();
  private wipes = 0;
  readonly clock: Clock;
  readonly random: Random;

  constructor(clock: Clock, random: Random, weather: Weather) {
    this.clock = clock;
    this.random = random;
    this.weather = weather;
  }

  /** Everything that waits or is on its way is gone. `noticed`: those who watch are told. */
  wipe(noticed: boolean): void {
    this.wipes++;
    for (const queue of this.queues.values()) queue.waiting.clear();
    if (!noticed) return;
    for (const { life, listener } of this.wipeListeners) if (life.alive) listener();
  }

  /** The queue as one instance sees it. */
  queue(life: Life): Queue {
    return {
      add: <M extends QueueMessage>(name: string, items: readonly QueueItem<M>[]) => {
        if (life.alive) this.send(name, items);
      },
      consume: <M extends QueueMessage>(
        name: string,
        options: ConsumeOptions,
        handler: (message: M) => Promise<void>,
      ) => {
        const queue = this.named(name);
        const consumer = new SimulatedConsumer(this, queue, life, options.concurrency, handler as unknown as Handler);
        queue.consumers.push(consumer);
        this.offer(queue);
        return consumer;
      },
      counts: async (name) => ({ waiting: this.named(name).waiting.size, active: 0 }),
      remove: async (name) => void this.queues.delete(name),
      onWiped: (listener) => void this.wipeListeners.add({ life, listener }),
      close: async () => undefined,
    };
  }

  /** The bus as one instance sees it. */
  bus(life: Life): Bus {
    return {
      publish: <T extends BusTopic>(topic: T, event: BusTopics[T]) => {
        const { random, weather } = this;
        for (const subscriber of this.subscribers.get(topic) ?? []) {
          if (!life.alive || random.chance(weather.loss)) continue;
          this.clock.after(this.delay(), () => {
            if (subscriber.life.alive) (subscriber.handler as (event: BusTopics[T]) => void)(event);
          });
        }
      },
      subscribe: <T extends BusTopic>(topic: T, handler: (event: BusTopics[T]) => void) => {
        let set = this.subscribers.get(topic);
        if (set === undefined) this.subscribers.set(topic, (set = new Set()));
        const subscriber = { life, handler };
        set.add(subscriber);
        return () => set.delete(subscriber);
      },
      close: async () => undefined,
    };
  }

  private named(name: string): NamedQueue {
    let queue = this.queues.get(name);
    if (queue === undefined) this.queues.set(name, (queue = { waiting: new Map(), consumers: [], next: 0 }));
    return queue;
  }

  private delay(): number {
    const { random, weather } = this;
    return random.chance(weather.late) ? random.int(5, 4_000) : random.int(0, 3);
  }

  private send(name: string, items: readonly QueueItem<QueueMessage>[]): void {
    const { random, weather } = this;
    const together: QueueItem<QueueMessage>[] = [];
    for (const item of items) {
      if (random.chance(weather.loss)) continue;
      if (random.chance(weather.repeat)) this.arrive(name, [item], random.int(0, 9_000));
      if (random.chance(weather.late)) this.arrive(name, [item], this.delay());
      else together.push(item);
    }
    if (together.length > 0) this.arrive(name, together, random.int(0, 3));
  }

  /** Puts messages into a queue after a while, unless it is wiped meanwhile. */
  arrive(name: string, items: readonly QueueItem<QueueMessage>[], ms: number): void {
    const { wipes } = this;
    this.clock.after(ms, () => {
      if (wipes === this.wipes) this.enter(this.named(name), items);
    });
  }

  enter(queue: NamedQueue, items: readonly QueueItem<QueueMessage>[]): void {
    for (const { id, message } of items) if (!queue.waiting.has(id)) queue.waiting.set(id, message);
    this.offer(queue);
  }

  /** Hands out what waits to whoever has room, in turn. */
  offer(queue: NamedQueue): void {
    const { consumers, waiting } = queue;
    for (let refused = 0; waiting.size > 0 && refused < consumers.length;) {
      const consumer = consumers[queue.next++ % consumers.length]!;
      if (consumer.take(waiting)) refused = 0;
      else refused++;
    }
  }

  /** What a consumer held when it died comes back after a while, or never. */
  stalled(queue: NamedQueue, items: readonly QueueItem<QueueMessage>[]): void {
    const { wipes } = this;
    if (this.random.chance(0.5)) return;
    this.clock.after(STALLED_MS, () => {
      if (wipes === this.wipes) this.enter(queue, items);
    });
  }
}

class SimulatedConsumer implements Consumer {
  private active = 0;
  private stopped = false;
  private readonly idle: (() => void)[] = [];
  private readonly network: Network;
  private readonly source: NamedQueue;
  private readonly life: Life;
  private readonly concurrency: number;
  private readonly handler: Handler;

  constructor(network: Network, source: NamedQueue, life: Life, concurrency: number, handler: Handler) {
    this.network = network;
    this.source = source;
    this.life = life;
    this.concurrency = concurrency;
    this.handler = handler;
  }

  take(waiting: Map<string, QueueMessage>): boolean {
    if (!this.life.alive) this.stopped = true;
    if (this.stopped || this.active >= this.concurrency) return false;
    const [first] = waiting;
    if (first === undefined) return false;
    const [id, message] = first;
    waiting.delete(id);
    this.active++;
    void this.handle({ id, message });
    return true;
  }

  private async handle(item: QueueItem<QueueMessage>): Promise<void> {
    // A dead instance never comes back from its handler: its message is given out again, or is lost with it.
    const watch = this.network.clock.after(STALLED_MS, () => {
      if (!this.life.alive) this.network.stalled(this.source, [item]);
    });
    for (let tries = 1; tries <= MAX_TRIES; tries++) {
      try {
        await this.handler(item.message);
        break;
      } catch {
        // As the real queues do: the same message again, and the reconciler if that does not help.
        if (this.stopped) break;
      }
    }
    watch();
    this.active--;
    if (this.active === 0) for (const resolve of this.idle.splice(0)) resolve();
    this.network.offer(this.source);
  }

  pause(): void {
    this.stopped = true;
    const at = this.source.consumers.indexOf(this);
    if (at >= 0) this.source.consumers.splice(at, 1);
  }

  async stop(): Promise<void> {
    this.pause();
    if (this.active > 0) await new Promise<void>((resolve) => this.idle.push(resolve));
  }
}
