/**
 * Ids are UUIDv7 (time-ordered, so that tables can be partitioned by them), shown in base 62 with a fixed width of 22
 * characters, so that the order of the texts is the order of the ids.
 */
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const WIDTH = 22;
const VALUE = new Int8Array(128).fill(-1);
for (let i = 0; i < ALPHABET.length; i++) VALUE[ALPHABET.charCodeAt(i)] = i;

/** 128 bits as four unsigned 32-bit words, most significant first. */
export type Words = readonly [number, number, number, number];

/** Base 62 text of 128 bits, always 22 characters. */
export function encodeId([a, b, c, d]: Words): string {
  let w0 = a;
  let w1 = b;
  let w2 = c;
  let w3 = d;
  let text = '';
  // Schoolbook division by 62^3 at a time: remainders stay below 2^50, exact in doubles.
  const BASE = 62 ** 3;
  for (let round = 0; round < 8; round++) {
    let rest = w0 % BASE;
    w0 = Math.floor(w0 / BASE);
    let value = rest * 0x1_0000_0000 + w1;
    w1 = Math.floor(value / BASE);
    rest = value - w1 * BASE;
    value = rest * 0x1_0000_0000 + w2;
    w2 = Math.floor(value / BASE);
    rest = value - w2 * BASE;
    value = rest * 0x1_0000_0000 + w3;
    w3 = Math.floor(value / BASE);
    rest = value - w3 * BASE;
    const high = Math.floor(rest / 3844);
    const middle = Math.floor((rest % 3844) / 62);
    text = ALPHABET[high]! + ALPHABET[middle]! + ALPHABET[rest % 62]! + text;
  }
  return text.slice(text.length - WIDTH);
}

/** The 128 bits of a base 62 text, or undefined when it is none (wrong characters, too long, over 128 bits). */
export function decodeId(text: string): Words | undefined {
  if (text.length === 0 || text.length > WIDTH) return undefined;
  let w0 = 0;
  let w1 = 0;
  let w2 = 0;
  let w3 = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const digit = code < 128 ? VALUE[code]! : -1;
    if (digit < 0) return undefined;
    w3 = w3 * 62 + digit;
    w2 = w2 * 62 + Math.floor(w3 / 0x1_0000_0000);
    w3 %= 0x1_0000_0000;
    w1 = w1 * 62 + Math.floor(w2 / 0x1_0000_0000);
    w2 %= 0x1_0000_0000;
    w0 = w0 * 62 + Math.floor(w1 / 0x1_0000_0000);
    w1 %= 0x1_0000_0000;
    if (w0 >= 0x1_0000_0000) return undefined;
  }
  return [w0, w1, w2, w3];
}

const hex8 = (word: number): string => word.toString(16).padStart(8, '0');

/** Canonical UUID text of an id, as PostgreSQL takes it; undefined when the text is no id. */
export function idToUuid(id: string): string | undefined {
  const words = decodeId(id);
  if (words === undefined) return undefined;
  const [a, b, c, d] = words;
  const bh = hex8(b);
  const ch = hex8(c);
  return `${hex8(a)}-${bh.slice(0, 4)}-${bh.slice(4)}-${ch.slice(0, 4)}-${ch.slice(4)}${hex8(d)}`;
}

/** The id of a canonical UUID text. */
export function uuidToId(uuid: string): string {
  const h = uuid.replaceAll('-', '');
  return encodeId([
    parseInt(h.slice(0, 8), 16),
    parseInt(h.slice(8, 16), 16),
    parseInt(h.slice(16, 24), 16),
    parseInt(h.slice(24, 32), 16),
  ]);
}

export const isId = (text: string): boolean => decodeId(text) !== undefined;

/** UUIDv7 words for a moment (ms since 1970) and 74 random bits. */
const wordsAt = (ms: number, r0: number, r1: number, r2: number): Words => [
  Math.floor(ms / 0x1_0000) >>> 0,
  (((ms % 0x1_0000) << 16) | 0x7000 | (r0 & 0xfff)) >>> 0,
  ((r1 & 0x3fff_ffff) | 0x8000_0000) >>> 0,
  r2 >>> 0,
];

/** Where random numbers come from: fills the array with random 32-bit words. */
export type RandomWords = (into: Uint32Array) => void;

const pool = new Uint32Array(3 * 256);
let used = pool.length;

/** A new random id of this moment. `now` in ms since 1970. Uses the platform's secure random numbers. */
export function newId(now: number): string {
  if (used >= pool.length) {
    globalThis.crypto.getRandomValues(pool);
    used = 0;
  }
  const id = encodeId(wordsAt(now, pool[used]!, pool[used + 1]!, pool[used + 2]!));
  used += 3;
  return id;
}

/** An id of the moment `now` from a given source of random words (tests, simulations). */
export function idFrom(now: number, random: RandomWords): string {
  const words = new Uint32Array(3);
  random(words);
  return encodeId(wordsAt(now, words[0]!, words[1]!, words[2]!));
}

/** The moment in an id, ms since 1970. */
export function idTime(id: string): number {
  const words = decodeId(id);
  if (words === undefined) throw new Error(`'${id}' is not an id`);
  return words[0] * 0x1_0000 + (words[1] >>> 16);
}

const mix = (x: number): number => {
  let h = x | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
};

/**
 * The `number`th id that follows from another one. Derived, so that what is done again makes the same ids. For one base two
 * numbers never give the same id (each mixing step is a bijection of the last word).
 */
export function derivedId(base: string, number: number): string {
  const words = decodeId(base);
  if (words === undefined) throw new Error(`'${base}' is not an id`);
  const [a, b, c, d] = words;
  const s = mix(number + 0x9e37_79b9);
  const last = mix(d ^ s);
  const middle = mix(c ^ last);
  return encodeId([
    a,
    ((b & 0xffff_f000) | (mix(middle ^ b) & 0xfff)) >>> 0,
    ((middle & 0x3fff_ffff) | 0x8000_0000) >>> 0,
    last,
  ]);
}

/** The id of the task run number `seq` of an execution. */
export const taskRunIdOf = (executionId: string, seq: number): string => derivedId(executionId, seq);

/** Number of partitions by which executors share the work (design: "Who looks at what"). */
export const PARTITIONS = 64;

/** The partition of an execution, 0 to 63: a hash of its id. */
export function partitionOf(executionId: string): number {
  let h = 0x811c_9dc5;
  for (let i = 0; i < executionId.length; i++) h = Math.imul(h ^ executionId.charCodeAt(i), 0x0100_0193);
  return mix(h) % PARTITIONS;
}
