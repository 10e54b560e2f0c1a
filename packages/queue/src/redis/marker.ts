import type { Redis } from 'ioredis';
import { MessagingError } from '../port.ts';

/** Says whose a Redis is, and tells one that was emptied from what it was before. */
export interface Marker {
  readonly cluster: string;
  readonly id: string;
}

export const MARKER_KEY = 'tiercel:cluster';
export const aliveKey = (cluster: string): string => `tiercel:alive:${cluster}`;
/** How long a cluster counts as alive after its last sign, ms. */
export const ALIVE_MS = 10_000;

const REPLACE = `if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('set', KEYS[1], ARGV[2]) end
return redis.call('get', KEYS[1])`;

/** Undefined for what no Tiercel has written. */
export function parseMarker(text: string | null): Marker | undefined {
  if (text === null) return undefined;
  try {
    const value = JSON.parse(text) as Partial<Marker> | null;
    if (typeof value?.cluster === 'string' && typeof value.id === 'string') {
      return { cluster: value.cluster, id: value.id };
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return undefined;
}

/**
 * Finds or makes the marker, and gives the sign of life. One of a cluster that shows no sign of life is replaced.
 * @param id for a marker that has to be made
 * @throws MessagingError when the Redis belongs to another cluster that is alive
 */
export async function claim(client: Redis, cluster: string, id: string): Promise<Marker> {
  const mine = JSON.stringify({ cluster, id } satisfies Marker);
  await client.set(MARKER_KEY, mine, 'NX');
  for (;;) {
    const text = await client.get(MARKER_KEY);
    const found = parseMarker(text);
    if (found?.cluster === cluster) {
      await client.set(aliveKey(cluster), '1', 'PX', ALIVE_MS);
      return found;
    }
    if (found !== undefined && (await client.exists(aliveKey(found.cluster))) > 0) throw usedBy(found.cluster);
    // Of a dead cluster, or of nobody. Others may be doing the same: the first one wins.
    if (text === null) await client.set(MARKER_KEY, mine, 'NX');
    else await client.eval(REPLACE, 1, MARKER_KEY, text, mine);
  }
}

const usedBy = (other: string): MessagingError =>
  new MessagingError(
    'refused',
    `This Redis is used by another Tiercel cluster (${other}); give each cluster a Redis or a database number of its own.`,
  );
