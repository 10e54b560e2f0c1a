import pg from 'pg';
import { backoff, configOf, type PoolOptions } from './pools.ts';

/** The one connection of a process that listens, for the bus and for all consumers. */
export interface Listener {
  /**
   * Calls back with the payload of each notification on a channel, until the function that it answers is called. Listens to
   * the channel from now on.
   */
  on(channel: string, heard: (payload: string) => void): () => void;
  /** Resolves when it listens for the first time; never rejects. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

/** How often a connection that is silent is asked whether it still lives, ms. */
const PULSE_MS = 4_000;

/** @param onBack called when it listens again after a break: what was said meanwhile has been missed */
export function createListener(options: PoolOptions, channels: readonly string[], onBack: () => void): Listener {
  const heard = new Map<string, Set<(payload: string) => void>>(channels.map((channel) => [channel, new Set()]));
  let client: pg.Client | undefined;
  /** The connection that has been told which channels; one that comes later is told all. */
  let listening: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let tries = 0;
  let wasReady = false;
  let isReady!: () => void;
  const ready = new Promise<void>((resolve) => (isReady = resolve));
  const lost = (which: pg.Client, error?: Error): void => {
    if (client !== which || closed) return;
    client = undefined;
    if (error !== undefined) options.log.debug({ error }, 'the connection that listens broke');
    // Its socket may be half open; nothing must come from it any more.
    which.removeAllListeners('notification');
    void which.end().catch(() => undefined);
    clearTimeout(timer);
    timer = setTimeout(() => void connect(), backoff(++tries));
  };
  const pulse = (which: pg.Client): void => {
    timer = setTimeout(() => {
      which.query('SELECT 1').then(
        () => client === which && !closed && pulse(which),
        (error: Error) => lost(which, error),
      );
    }, PULSE_MS);
  };
  const connect = async (): Promise<void> => {
    const next = new pg.Client(configOf(options, 'listener'));
    client = next;
    next.on('error', (error) => lost(next, error));
    next.on('end', () => lost(next));
    next.on('notification', ({ channel, payload = '' }) => {
      for (const listener of heard.get(channel) ?? []) listener(payload);
    });
    try {
      await next.connect();
      // More may be asked for while the first are being told.
      const told = new Set<string>();
      for (let rest = [...heard.keys()]; rest.length > 0; rest = [...heard.keys()].filter((name) => !told.has(name))) {
        await next.query(rest.map((channel) => `LISTEN ${channel}`).join(';'));
        for (const channel of rest) told.add(channel);
      }
      listening = next;
    } catch (error) {
      return lost(next, error as Error);
    }
    if (closed) return;
    tries = 0;
    pulse(next);
    isReady();
    if (wasReady) onBack();
    wasReady = true;
  };
  void connect();
  return {
    on(channel, listener) {
      let listeners = heard.get(channel);
      if (listeners === undefined) {
        heard.set(channel, (listeners = new Set()));
        const told = listening;
        if (told !== undefined && told === client)
          told.query(`LISTEN ${channel}`).catch((error: Error) => lost(told, error));
      }
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    ready,
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await client?.end().catch((error: unknown) => options.log.debug({ error }, 'the connection that listens broke'));
    },
  };
}
