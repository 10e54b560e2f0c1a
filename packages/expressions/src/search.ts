import type { Work } from './work.ts';

/** Below this product of both lengths the host's own search is quick whatever the texts are. */
const HARMLESS = 1_000_000;
/** A part of so few characters costs no more than a look at each character. */
const SHORT = 4;
const CHARACTERS_PER_STEP = 128;
const BLOCK = 4096;

/**
 * Searches one text for another in linear time (Knuth, Morris and Pratt). The host's search is faster on what people
 * write, but takes minutes for a long part that nearly fits everywhere, and can not be stopped.
 */
export class TextSearch {
  private readonly text: string;
  private readonly part: string;
  private readonly work: Work;
  private readonly isHarmless: boolean;
  private borders: Int32Array | undefined;

  constructor(text: string, part: string, work: Work) {
    this.text = text;
    this.part = part;
    this.work = work;
    this.isHarmless = part.length <= SHORT || part.length > text.length || text.length * part.length <= HARMLESS;
  }

  /** The first place from `from` on, or -1. */
  next(from: number): number {
    if (!this.isHarmless) return this.scan(from, true);
    const at = this.text.indexOf(this.part, from);
    this.work.step(Math.ceil(((at === -1 ? this.text.length : at) - from) / CHARACTERS_PER_STEP / 8));
    return at;
  }

  /** The last place, or -1. */
  last(): number {
    if (!this.isHarmless) return this.scan(0, false);
    this.work.step(Math.ceil(this.text.length / CHARACTERS_PER_STEP / 8));
    return this.text.lastIndexOf(this.part);
  }

  private scan(from: number, isFirst: boolean): number {
    const { text, part, work } = this;
    const borders = (this.borders ??= bordersOf(part, work));
    let matched = 0;
    let found = -1;
    for (let at = from; at < text.length; at += 1) {
      if (at % BLOCK === 0) work.step(BLOCK / CHARACTERS_PER_STEP);
      const code = text.charCodeAt(at);
      while (matched > 0 && part.charCodeAt(matched) !== code) matched = borders[matched - 1] ?? 0;
      if (part.charCodeAt(matched) === code) matched += 1;
      if (matched < part.length) continue;
      found = at - part.length + 1;
      if (isFirst) return found;
      matched = borders[matched - 1] ?? 0;
    }
    return found;
  }
}

/** For each beginning of the part, how long the longest beginning is that it also ends with. */
function bordersOf(part: string, work: Work): Int32Array {
  const borders = new Int32Array(part.length);
  let length = 0;
  for (let at = 1; at < part.length; at += 1) {
    if (at % BLOCK === 0) work.step(BLOCK / CHARACTERS_PER_STEP);
    const code = part.charCodeAt(at);
    while (length > 0 && part.charCodeAt(length) !== code) length = borders[length - 1] ?? 0;
    if (part.charCodeAt(length) === code) length += 1;
    borders[at] = length;
  }
  return borders;
}

/** The first place of `part` in `text`, or -1. */
export function placeIn(text: string, part: string, work: Work): number {
  return new TextSearch(text, part, work).next(0);
}

/** The last place of `part` in `text`, or -1. */
export function lastPlaceIn(text: string, part: string, work: Work): number {
  return new TextSearch(text, part, work).last();
}

export function startsWith(text: string, part: string, work: Work): boolean {
  work.step(part.length >> 10);
  return text.startsWith(part);
}

export function endsWith(text: string, part: string, work: Work): boolean {
  work.step(part.length >> 10);
  return text.endsWith(part);
}

/** The text between the places of a separator that is not empty; at most `limit` parts when that is positive. */
export function splitAt(text: string, separator: string, limit: number, work: Work): string[] {
  const search = new TextSearch(text, separator, work);
  const parts: string[] = [];
  let last = 0;
  for (let at = search.next(0); at !== -1; at = search.next(last)) {
    if (limit > 0 && parts.length === limit - 1) break;
    parts.push(text.slice(last, at));
    last = at + separator.length;
    work.step();
  }
  parts.push(text.slice(last));
  return parts;
}

/** Replaces every place of a text, with the length counted before the result is made. */
export function replaceLiteral(input: string, from: string, to: string, work: Work): string {
  if (from === '') {
    work.step(input.length >> 3);
    work.text(input.length + (input.length + 1) * to.length);
    return input.replaceAll('', () => to);
  }
  const parts = splitAt(input, from, 0, work);
  work.text(input.length + (parts.length - 1) * (to.length - from.length));
  return parts.length === 1 ? input : parts.join(to);
}
