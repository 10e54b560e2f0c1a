import type { Json } from './execution.ts';
import { formsOf, withoutFinalBreaks } from './masked-forms.ts';
import { PartFinder } from './masked-parts.ts';

/** What the first nine stars of a masked secret look like (execution-semantics.md §4.5). */
const MARK = '**masked*';
/** Lines of a secret with several lines are masked on their own from this length on: scripts print line by line. */
const SHORTEST_LINE = 8;
/**
 * The secrets that have been read on behalf of an execution, to be hidden in what people see of it: the one place that says how.
 * A secret is hidden as it is, as JSON, addresses and forms write it, line by line, and where a message was cut within it.
 */
export class Masking {
  readonly #known = new Set<string>();
  /** All that is known, longest first, and what finds parts of it. Undefined: to be made anew. */
  #search: { readonly texts: readonly string[]; readonly parts: PartFinder } | undefined;

  add(secret: string): void {
    if (secret === '' || this.#known.has(secret)) return;
    const lines = secret.includes('\n') ? secret.split(/\r?\n/).filter((line) => line.length >= SHORTEST_LINE) : [];
    for (const text of [secret, withoutFinalBreaks(secret), ...lines]) {
      if (text !== '') for (const form of formsOf(text)) if (form !== '') this.#known.add(form);
    }
    this.#search = undefined;
  }

  /** Hides every scalar of a secret value as well: the items of a list, the values of a map. */
  addAll(value: Json): void {
    if (value === null || typeof value === 'boolean') return;
    if (typeof value === 'object') for (const part of Object.values(value)) this.addAll(part);
    else this.add(String(value));
  }

  /** The text with every secret replaced by stars of the same length. */
  apply(text: string): string {
    if (this.#known.size === 0) return text;
    this.#search ??= this.#prepared();
    const { texts, parts } = this.#search;
    const stars = new Stars(text);
    for (const hidden of texts) {
      for (let at = text.indexOf(hidden); at !== -1; at = text.indexOf(hidden, at + hidden.length))
        stars.put(at, at + hidden.length);
    }
    parts.find(text, (from, to) => stars.put(from, to));
    return stars.shown();
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

  #prepared(): { readonly texts: readonly string[]; readonly parts: PartFinder } {
    const texts = [...this.#known].toSorted((a, b) => b.length - a.length);
    return { texts, parts: new PartFinder(texts) };
  }
}

/** A text of which some places are to be shown as stars; the places may overlap. */
class Stars {
  readonly #text: string;
  /** 1 for every character that is hidden. Undefined: there is none. */
  #hidden: Uint8Array | undefined;
  /** The last place: those of one search often reach into each other, and are not gone through twice. */
  #last: readonly [from: number, to: number] = [0, 0];

  constructor(text: string) {
    this.#text = text;
  }

  put(from: number, to: number): void {
    this.#hidden ??= new Uint8Array(this.#text.length);
    const [lastFrom, lastTo] = this.#last;
    if (from >= lastFrom && from < lastTo) this.#hidden.fill(1, lastTo, Math.max(lastTo, to));
    else if (to > lastFrom && to <= lastTo) this.#hidden.fill(1, from, lastFrom);
    else this.#hidden.fill(1, from, to);
    this.#last = [from, to];
  }

  shown(): string {
    const hidden = this.#hidden;
    if (hidden === undefined) return this.#text;
    const pieces: string[] = [];
    for (let done = 0; done < hidden.length;) {
      const from = hidden.indexOf(1, done);
      if (from === -1) {
        pieces.push(this.#text.slice(done));
        break;
      }
      const end = hidden.indexOf(0, from);
      const to = end === -1 ? hidden.length : end;
      pieces.push(this.#text.slice(done, from), maskOf(to - from));
      done = to;
    }
    return pieces.join('');
  }
}

const maskOf = (length: number): string =>
  length < MARK.length ? '*'.repeat(length) : MARK + '*'.repeat(length - MARK.length);
