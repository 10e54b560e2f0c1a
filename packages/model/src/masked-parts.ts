/** A part of a secret, where a message was cut within it, is masked from this length on. */
const SHORTEST_PART = 4;
/** Stands where a text was cut: all that shortens a value for a message leaves one of these. */
const CUT = /…|\.{3,}/g;
/** Steps for one text. Whoever makes a text that takes more sees nothing beside its cuts. */
const MOST_STEPS = 50_000_000;
const GRAM_BITS = 16;

/** Told of every place to be masked: from, and to but not with. */
type Found = (from: number, to: number) => void;

/** A text with its cuts. */
interface CutText {
  readonly text: string;
  /** Where something may end before a cut, ascending: several places before a long row of dots. */
  readonly befores: readonly number[];
  /** Where something may begin behind a cut, ascending. */
  readonly afters: readonly number[];
}

/** One way to write a secret, prepared to be searched for from its beginning or, both being reversed, from its end. */
class Pattern {
  readonly text: string;
  #borders: Int32Array | undefined;

  constructor(text: string) {
    this.text = text;
  }

  /** For every length of a beginning: how long the longest shorter beginning is that ends there as well (Knuth, Morris, Pratt). */
  get borders(): Int32Array {
    if (this.#borders !== undefined) return this.#borders;
    const borders = new Int32Array(this.text.length + 1);
    for (let at = 1, length = 0; at < this.text.length; at += 1) {
      while (length > 0 && this.text[at] !== this.text[length]) length = borders[length]!;
      if (this.text[at] === this.text[length]) length += 1;
      borders[at + 1] = length;
    }
    return (this.#borders = borders);
  }
}

/**
 * Finds what a cut has left of secrets: a beginning of one before the cut, an end of one behind it, any part of one between two cuts.
 * The time is that of reading the text, and bounded: beyond the bound all that may be a part counts as one.
 */
export class PartFinder {
  readonly #forwards: readonly Pattern[];
  readonly #backwards: readonly Pattern[];
  readonly #longest: number;
  #known: Uint8Array | undefined;
  readonly #mostSteps: number;
  /** What the last text took, for those who want to know. */
  steps = 0;

  /** @param secrets the longest first */
  constructor(secrets: readonly string[], mostSteps = MOST_STEPS) {
    const long = secrets.filter((secret) => secret.length > SHORTEST_PART);
    this.#forwards = long.map((text) => new Pattern(text));
    this.#backwards = long.map((text) => new Pattern(reversed(text)));
    this.#longest = long[0]?.length ?? 0;
    this.#mostSteps = mostSteps;
  }

  find(text: string, found: Found): void {
    if (this.#forwards.length === 0) return;
    const cut = cutText(text);
    if (cut.befores.length === 0) return;
    this.steps = 0;
    const { length } = text;
    const mirror = reversed(text);
    const mirrored = cut.afters.map((at) => length - at).toReversed();
    const isWhole =
      this.#forwards.every((pattern) => this.#beginnings(text, cut.befores, pattern, found)) &&
      this.#backwards.every((pattern) =>
        this.#beginnings(mirror, mirrored, pattern, (from, to) => found(length - to, length - from)),
      ) &&
      this.#between(cut, found);
    if (!isWhole) this.#allBeside(cut, found);
  }

  /** Finds the longest beginning of a secret that ends at each of these places. False: it took too long. */
  #beginnings(text: string, ends: readonly number[], pattern: Pattern, found: Found): boolean {
    const secret = pattern.text;
    const head = secret.slice(0, SHORTEST_PART);
    let at = 0;
    let length = 0;
    for (const end of ends) {
      // What begins further before a cut than the secret is long does not end there.
      if (length < SHORTEST_PART && at - length < end - secret.length) [at, length] = [end - secret.length, 0];
      while (at < end) {
        if (length < SHORTEST_PART) {
          const next = text.indexOf(head, at - length);
          if (next === -1) return true;
          if (next + SHORTEST_PART > end) {
            // Too late for this cut; it may be in time for the next one.
            [at, length] = [next, 0];
            break;
          }
          [at, length] = [next + SHORTEST_PART, SHORTEST_PART];
        } else {
          length = advanced(pattern, length, text[at]!);
          at += 1;
        }
        this.steps += 1;
      }
      if (this.steps > this.#mostSteps) return false;
      if (length >= SHORTEST_PART) found(end - length, end);
    }
    return true;
  }

  /** Finds parts that stand between two cuts. False: it took too long. */
  #between({ text, befores, afters }: CutText, found: Found): boolean {
    let next = 0;
    for (const from of afters) {
      while (next < befores.length && befores[next]! < from) next += 1;
      const to = befores[next];
      if (to === undefined) return true;
      if (to - from < SHORTEST_PART || to - from > this.#longest) continue;
      const part = text.slice(from, to);
      this.steps += part.length;
      if (this.#mayBePart(part) && this.#isPart(part)) found(from, to);
      if (this.steps > this.#mostSteps) return false;
    }
    return true;
  }

  #isPart(part: string): boolean {
    return this.#forwards.some(({ text }) => {
      this.steps += text.length;
      return text.includes(part);
    });
  }

  /** Whether every four characters of it come in some secret, as far as a table tells. */
  #mayBePart(part: string): boolean {
    this.#known ??= gramsOf(this.#forwards);
    for (let at = 0; at + SHORTEST_PART <= part.length; at += 1) if (this.#known[gramAt(part, at)] === 0) return false;
    return true;
  }

  /** Safe rather than readable. */
  #allBeside({ text, befores, afters }: CutText, found: Found): void {
    let done = 0;
    for (const end of befores) {
      const from = Math.max(done, end - this.#longest);
      found(from, end);
      done = end;
    }
    done = 0;
    for (const [index, from] of afters.entries()) {
      const to = Math.min(text.length, from + this.#longest, afters[index + 1] ?? text.length);
      found(from, to);
    }
  }
}

/** How long a beginning of the pattern is after one more character. */
function advanced({ text, borders }: Pattern, length: number, character: string): number {
  let now = length;
  while (now > 0 && (now === text.length || text[now] !== character)) now = borders[now]!;
  return text[now] === character ? now + 1 : now;
}

function cutText(text: string): CutText {
  const befores: number[] = [];
  const afters: number[] = [];
  for (const { index, 0: mark } of text.matchAll(CUT)) {
    // A dot before three others may be the secret's.
    for (let at = index; at <= index + Math.max(0, mark.length - 3); at += 1) befores.push(at);
    afters.push(index + mark.length);
  }
  return { text, befores, afters };
}

const gramAt = (text: string, at: number): number => {
  let hash = 0;
  for (let i = 0; i < SHORTEST_PART; i += 1) hash = Math.imul(hash ^ text.charCodeAt(at + i), 0x9e3779b1);
  return hash >>> (32 - GRAM_BITS);
};

function gramsOf(patterns: readonly Pattern[]): Uint8Array {
  const grams = new Uint8Array(1 << GRAM_BITS);
  for (const { text } of patterns) {
    for (let at = 0; at + SHORTEST_PART <= text.length; at += 1) grams[gramAt(text, at)] = 1;
  }
  return grams;
}

const CHUNK = 8192;

/** The text from its end, by UTF-16 units. */
function reversed(text: string): string {
  const pieces: string[] = [];
  const units = new Uint16Array(Math.min(CHUNK, text.length));
  for (let end = text.length; end > 0; end -= CHUNK) {
    const count = Math.min(CHUNK, end);
    for (let i = 0; i < count; i += 1) units[i] = text.charCodeAt(end - 1 - i);
    pieces.push(String.fromCharCode(...units.subarray(0, count)));
  }
  return pieces.join('');
}
