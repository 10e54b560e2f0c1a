import type { Socket } from 'node:net';
import pg from 'pg';

/** How often it is looked whether the database answers, while anything waits for it; a fraction of the silence. */
const LOOKS = 5;

export interface SilenceOptions {
  readonly pools: readonly pg.Pool[];
  /** After how long without any answer the database is asked whether it lives, ms. */
  readonly silenceMs: number;
  /** Asks it over a connection of its own. Rejects when it does not answer in time. */
  readonly ask: () => Promise<unknown>;
  /** Told when the connections are given up. */
  readonly onSilent: (error: Error) => void;
}

/** Its types do not show it. A client that is ended properly would wait for the database. */
const socketOf = (client: pg.PoolClient): Socket =>
  (client as unknown as { readonly connection: { readonly stream: Socket } }).connection.stream;

/**
 * Gives up the connections to a database that does not answer at all: it stands still, or its machine or the line to it has gone without
 * a word, which the system notices after a quarter of an hour. A statement that only takes long is left alone. Answers how to end it.
 */
export function breakSilence({ pools, silenceMs, ask, onSilent }: SilenceOptions): () => void {
  const all = new Set<pg.PoolClient>();
  const waiting = new Set<pg.PoolClient>();
  let answered = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  const isSilent = (): boolean => waiting.size > 0 && performance.now() - answered >= silenceMs;
  const look = async (): Promise<void> => {
    if (isSilent()) {
      try {
        await ask();
        answered = performance.now();
      } catch (error) {
        if (isSilent() && !ended) giveUp(error as Error);
      }
    }
    timer = undefined;
    if (waiting.size > 0) later();
  };
  const giveUp = (error: Error): void => {
    answered = performance.now();
    onSilent(error);
    // Idle ones too: they lead nowhere either, and whoever took one would wait as long again.
    for (const client of all) socketOf(client).destroy(new Error('the database does not answer', { cause: error }));
  };
  const later = (): void => {
    if (!ended) timer ??= setTimeout(() => void look(), silenceMs / LOOKS).unref();
  };
  for (const pool of pools) {
    pool.on('connect', (client) => void all.add(client));
    pool.on('remove', (client) => void all.delete(client));
    pool.on('acquire', (client) => {
      // Nothing was asked before.
      if (waiting.size === 0) answered = performance.now();
      waiting.add(client);
      later();
    });
    pool.on('release', (error: unknown, client) => {
      // An error of its own is an answer, too.
      if (waiting.delete(client) && (error === undefined || error instanceof pg.DatabaseError))
        answered = performance.now();
    });
  }
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}
