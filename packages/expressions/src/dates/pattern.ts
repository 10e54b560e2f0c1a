import { GenerationCache } from '../cache.ts';
import { fail } from '../errors.ts';

/** One element of a date pattern: a run of the same letter, literal text, or an optional part. */
export type Element =
  | { readonly kind: 'field'; readonly letter: string; readonly width: number }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'optional'; readonly elements: readonly Element[] };

const MAX_PATTERN = 500;
const MAX_DEPTH = 20;
const cache = new GenerationCache<readonly Element[]>(500, 500);

/** The widest run of each letter; a letter that is not here fails (expressions.md §10.3). */
const WIDTHS: Readonly<Record<string, number>> = {
  G: 5,
  u: 19,
  y: 19,
  Y: 19,
  Q: 5,
  q: 5,
  M: 5,
  L: 5,
  w: 2,
  W: 1,
  d: 2,
  D: 3,
  F: 1,
  E: 5,
  e: 5,
  c: 5,
  a: 1,
  H: 2,
  k: 2,
  K: 2,
  h: 2,
  m: 2,
  s: 2,
  S: 9,
  A: 19,
  n: 19,
  N: 19,
  V: 2,
  v: 4,
  z: 4,
  O: 4,
  X: 5,
  x: 5,
  Z: 5,
};

/** Reads a pattern. Unknown letters, runs that are too long, open quotes and stray braces fail. */
export function parsePattern(pattern: string): readonly Element[] {
  const known = cache.get(pattern);
  if (known !== undefined) return known;
  if (pattern.length > MAX_PATTERN) fail(`A date pattern has at most ${MAX_PATTERN} characters`);
  const reader = new PatternReader(pattern);
  const elements = reader.read(0);
  cache.set(pattern, elements, 1);
  return elements;
}

class PatternReader {
  private readonly pattern: string;
  private at = 0;

  constructor(pattern: string) {
    this.pattern = pattern;
  }

  private bad(reason: string): never {
    return fail(`\`${this.pattern}\` is no date pattern: ${reason}`);
  }

  read(depth: number): Element[] {
    if (depth > MAX_DEPTH) this.bad('too many optional parts inside one another');
    const elements: Element[] = [];
    while (this.at < this.pattern.length) {
      const character = this.pattern[this.at] ?? '';
      if (/[A-Za-z]/.test(character)) {
        elements.push(this.field(character));
      } else if (character === "'") {
        elements.push({ kind: 'text', text: this.quoted() });
      } else if (character === '[') {
        this.at += 1;
        elements.push({ kind: 'optional', elements: this.read(depth + 1) });
      } else if (character === ']') {
        if (depth === 0) this.bad('`]` without `[`');
        this.at += 1;
        return elements;
      } else if ('{}#'.includes(character)) {
        this.bad(`\`${character}\` is reserved`);
      } else {
        elements.push({ kind: 'text', text: character });
        this.at += 1;
      }
    }
    return elements;
  }

  private field(letter: string): Element {
    let width = 1;
    while (this.pattern[this.at + width] === letter) width += 1;
    this.at += width;
    const widest = Object.hasOwn(WIDTHS, letter) ? WIDTHS[letter] : undefined;
    if (widest === undefined) return this.bad(`unknown letter \`${letter}\``);
    if (width > widest || !allowed(letter, width)) this.bad(`\`${letter.repeat(width)}\` is too long or too short`);
    return { kind: 'field', letter, width };
  }

  private quoted(): string {
    let text = '';
    let at = this.at + 1;
    if (this.pattern[at] === "'") {
      this.at += 2;
      return "'";
    }
    for (; at < this.pattern.length; at += 1) {
      if (this.pattern[at] !== "'") {
        text += this.pattern[at];
      } else if (this.pattern[at + 1] === "'") {
        text += "'";
        at += 1;
      } else {
        this.at = at + 1;
        return text;
      }
    }
    return this.bad('a quote is not closed');
  }
}

function allowed(letter: string, width: number): boolean {
  switch (letter) {
    case 'V':
      return width === 2;
    case 'O':
    case 'v':
      return width === 1 || width === 4;
    case 'c':
      return width !== 2;
    default:
      return true;
  }
}
