import type { RandomWords } from '@tiercel/model';

/** Random numbers that follow from a seed alone. */
export interface Random {
  /** A number from 0 to below 1. */
  next(): number;
  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T;
  /** A copy in another order. */
  shuffle<T>(list: readonly T[]): T[];
  /** For `idFrom`. */
  readonly words: RandomWords;
  /** A generator of its own that follows from this one's present state: what one part draws does not move the other's numbers. */
  fork(): Random;
}

/** sfc32: 128 bits of state, fast, passes the usual tests; not for secrets. */
function sfc32(seed: number): () => number {
  let a = seed | 0;
  let b = 0x9e37_79b9;
  let c = 0x243f_6a88;
  let d = 1;
  const step = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    return t >>> 0;
  };
  // Seeds that differ in a bit must not give similar beginnings.
  for (let i = 0; i < 12; i++) step();
  return step;
}

/** A generator of random numbers from a seed. */
export function createRandom(seed: number): Random {
  const word = sfc32(seed);
  const next = (): number => word() / 0x1_0000_0000;
  const int = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  return {
    next,
    int,
    chance: (probability) => next() < probability,
    pick: (list) => list[int(0, list.length - 1)]!,
    shuffle: (list) => {
      const copy = [...list];
      for (let i = copy.length - 1; i > 0; i--) {
        const j = int(0, i);
        [copy[i], copy[j]] = [copy[j]!, copy[i]!];
      }
      return copy;
    },
    words: (into) => {
      for (let i = 0; i < into.length; i++) into[i] = word();
    },
    fork: () => createRandom(word()),
  };
}
