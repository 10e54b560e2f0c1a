import { StringDecoder } from 'node:string_decoder';

/**
 * Makes lines of a stream of UTF-8 bytes that come in any pieces. A line ends with LF or CRLF; invalid bytes become
 * U+FFFD. A line longer than `limit` UTF-16 units comes in pieces of that size, so that memory stays bounded.
 */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  readonly #limit: number;
  #rest = '';
  /** The rest follows a piece of the same line: an end right after it is no line of its own. */
  #continued = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The lines that this chunk completed. */
  *push(chunk: Buffer): Generator<string> {
    const text = this.#rest + this.#decoder.write(chunk);
    let start = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      yield* this.#line(text, start, end > start && text.charCodeAt(end - 1) === 13 ? end - 1 : end);
      start = end + 1;
    }
    this.#rest = start === 0 ? text : text.slice(start);
    while (this.#rest.length > this.#limit) {
      const cut = this.#cutAt(this.#rest, 0);
      yield this.#rest.slice(0, cut);
      this.#rest = this.#rest.slice(cut);
      this.#continued = true;
    }
  }

  /** What is left when the stream ends without a line end. */
  *end(): Generator<string> {
    const text = this.#rest + this.#decoder.end();
    this.#rest = '';
    if (text !== '') yield* this.#line(text, 0, text.endsWith('\r') ? text.length - 1 : text.length);
  }

  *#line(text: string, start: number, end: number): Generator<string> {
    const continued = this.#continued;
    this.#continued = false;
    if (continued && start === end) return;
    let from = start;
    while (end - from > this.#limit) {
      const cut = this.#cutAt(text, from);
      yield text.slice(from, cut);
      from = cut;
    }
    yield text.slice(from, end);
  }

  /** Where to cut, never inside a surrogate pair. */
  #cutAt(text: string, from: number): number {
    const cut = from + this.#limit;
    const code = text.charCodeAt(cut - 1);
    return code >= 0xd800 && code <= 0xdbff && this.#limit > 1 ? cut - 1 : cut;
  }
}
