import type { Json } from './execution.ts';

/** What the first nine stars of a masked secret look like (execution-semantics.md §4.5). */
const MARK = '**masked*';
/** Lines of a secret with several lines are masked on their own from this length on: scripts print line by line. */
const SHORTEST_LINE = 8;
/** A part of a secret, where a message was cut within it, is masked from this length on. */
const SHORTEST_PART = 4;
/** Stands where a text was cut: all that shortens a value for a message leaves one of these. */
const CUT = /…|\.{3,}/g;
const CUTS = ['…', '...'];

/** One text to be hidden, and what stands in its place. */
interface Hidden {
  readonly text: string;
  readonly mask: string;
}

/**
 * The secrets that have been read on behalf of an execution, to be hidden in what people see of it: the one place that says how.
 * A secret is hidden as it is, as JSON and addresses write it, line by line, and where a message was cut within it.
 */
export class Masking {
  readonly #known = new Set<string>();
  /** Longest first, so that a secret inside another one does not leave the rest of it readable. Undefined: to be sorted anew. */
  #hidden: readonly Hidden[] | undefined = [];

  add(secret: string): void {
    if (secret === '' || this.#known.has(secret)) return;
    const lines = secret.includes('\n') ? secret.split(/\r?\n/).filter((line) => line.length >= SHORTEST_LINE) : [];
    for (const text of [secret, ...lines]) {
      for (const form of formsOf(text)) this.#known.add(form);
    }
    this.#hidden = undefined;
  }

  /** Hides every scalar of a secret value as well: the items of a list, the values of a map. */
  addAll(value: Json): void {
    if (value === null || typeof value === 'boolean') return;
    if (typeof value === 'object') for (const part of Object.values(value)) this.addAll(part);
    else this.add(String(value));
  }

  /** The text with every secret replaced by stars of the same length. */
  apply(text: string): string {
    const isShortened = CUTS.some((cut) => text.includes(cut));
    let shown = text;
    for (const hidden of this.#sorted()) {
      if (shown.includes(hidden.text)) shown = shown.replaceAll(hidden.text, () => hidden.mask);
      if (isShortened && hidden.text.length > SHORTEST_PART) shown = withoutParts(shown, hidden.text);
    }
    return shown;
  }

  /** Plain data with the secrets in all of its texts replaced. */
  applyTo(value: Json): Json {
    if (this.#known.size === 0) return value;
    if (typeof value === 'string') return this.apply(value);
    if (typeof value === 'number') {
      const text = String(value);
      const masked = this.apply(text);
      return masked === text ? value : masked;
    }
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((item: Json) => this.applyTo(item));
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [this.apply(key), this.applyTo(item)]));
  }

  #sorted(): readonly Hidden[] {
    this.#hidden ??= [...this.#known]
      .toSorted((a, b) => b.length - a.length)
      .map((text) => ({ text, mask: maskOf(text.length) }));
    return this.#hidden;
  }
}

/** How messages write a text: as it is, in JSON, in an address. */
function formsOf(text: string): readonly string[] {
  // Halves of a character, which a text may end or begin with where it was cut, have no form in an address.
  const whole = text.toWellFormed();
  return [text, JSON.stringify(text).slice(1, -1), encodeURI(whole), encodeURIComponent(whole)];
}

const maskOf = (length: number): string =>
  length < MARK.length ? '*'.repeat(length) : MARK + '*'.repeat(length - MARK.length);

/** Masks what a cut has left of a secret: a beginning of it before the cut, a part or its end behind it. */
const withoutParts = (text: string, secret: string): string =>
  masked(text, [...beginnings(text, secret), ...ends(text, secret)]);

/** A part of a text: from, and to but not with. */
type Span = readonly [from: number, to: number];

/** How much of a secret, from some place of it on, stands at a place of a text. */
function common(text: string, at: number, secret: string, from: number): number {
  let length = 0;
  while (from + length < secret.length && text[at + length] === secret[from + length]) length += 1;
  return length;
}

const isCut = (text: string, at: number): boolean => CUTS.some((cut) => text.startsWith(cut, at));

function* beginnings(text: string, secret: string): Generator<Span> {
  const head = secret.slice(0, SHORTEST_PART);
  for (let at = text.indexOf(head); at !== -1; at = text.indexOf(head, at + 1)) {
    const end = at + common(text, at, secret, 0);
    if (isCut(text, end)) yield [at, end];
  }
}

function* ends(text: string, secret: string): Generator<Span> {
  for (const { index, 0: mark } of text.matchAll(CUT)) {
    const at = index + mark.length;
    const head = text.slice(at, at + SHORTEST_PART);
    if (head.length < SHORTEST_PART) continue;
    for (let from = secret.indexOf(head); from !== -1; from = secret.indexOf(head, from + 1)) {
      const length = common(text, at, secret, from);
      if (from + length === secret.length || isCut(text, at + length)) yield [at, at + length];
    }
  }
}

/** The text with stars in these places, some of which may overlap. */
function masked(text: string, spans: readonly Span[]): string {
  const pieces: string[] = [];
  let done = 0;
  for (const [from, to] of spans.toSorted((a, b) => a[0] - b[0] || b[1] - a[1])) {
    if (to <= done) continue;
    const begin = Math.max(from, done);
    pieces.push(text.slice(done, begin), maskOf(to - begin));
    done = to;
  }
  return pieces.join('') + text.slice(done);
}
