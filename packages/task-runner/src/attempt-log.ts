import { type LogLevel, logLevelRank, type LogLine, type Masking } from '@tiercel/model';
import type { TaskLogger } from '@tiercel/plugin-kit';
import type { AttemptSink } from './services.ts';

/** Longest message of one log entry, in UTF-16 units (execution-semantics.md §4.5). */
const MAX_MESSAGE = 10_240;
/** A batch goes out when it is this old (ms), or this large. */
const BATCH_DELAY = 100;
const BATCH_LINES = 500;
const BATCH_CHARACTERS = 256 * 1024;
/** What may wait for a slow sink; the rest is dropped and counted. */
const WAITING_LINES = 20_000;
const WAITING_CHARACTERS = 16 * 1024 * 1024;

/**
 * The log of one attempt: filters by level, masks secrets, splits long messages, and hands batches to the sink, one at a
 * time. With `progressive` unset nothing goes out before `end`, and no timer is ever made (the inline lane).
 */
export class AttemptLog implements TaskLogger {
  readonly #sink: AttemptSink;
  readonly #now: () => number;
  readonly #masking: Masking;
  readonly #progressive: boolean;
  readonly #lowest: number;
  #waiting: LogLine[] = [];
  #characters = 0;
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #isEnded = false;

  constructor(
    sink: AttemptSink,
    options: {
      readonly now: () => number;
      readonly masking: Masking;
      readonly progressive: boolean;
      readonly lowest: LogLevel;
    },
  ) {
    this.#sink = sink;
    this.#now = options.now;
    this.#masking = options.masking;
    this.#progressive = options.progressive;
    this.#lowest = logLevelRank(options.lowest);
  }

  log(level: LogLevel, message: string): void {
    if (this.#isEnded || logLevelRank(level) < this.#lowest) return;
    const masked = this.#masking.apply(message);
    // PostgreSQL keeps no NUL in a text.
    const text = masked.includes('\0') ? masked.replaceAll('\0', '\uFFFD') : masked;
    const timestamp = this.#now();
    if (text.length <= MAX_MESSAGE) this.#add({ level, timestamp, message: text });
    else this.#addPieces(level, timestamp, text);
    if (this.#progressive) this.#schedule();
  }

  trace(message: string): void {
    this.log('TRACE', message);
  }
  debug(message: string): void {
    this.log('DEBUG', message);
  }
  info(message: string): void {
    this.log('INFO', message);
  }
  warn(message: string): void {
    this.log('WARN', message);
  }
  error(message: string): void {
    this.log('ERROR', message);
  }

  ready(): Promise<void> | undefined {
    return this.#isLarge() ? this.#writing : undefined;
  }

  /** Writes what waits; later entries are ignored. Fails when the sink failed. */
  async end(): Promise<void> {
    this.#isEnded = true;
    clearTimeout(this.#timer);
    await this.#idle();
    this.#write();
    await this.#idle();
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #idle(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  /** A long message becomes several entries whose timestamps rise by 1 ms, which keeps them in order. */
  #addPieces(level: LogLevel, timestamp: number, text: string): void {
    let from = 0;
    for (let number = 0; from < text.length; number += 1) {
      let to = Math.min(from + MAX_MESSAGE, text.length);
      const code = text.charCodeAt(to - 1);
      if (to < text.length && code >= 0xd800 && code <= 0xdbff) to -= 1;
      this.#add({ level, timestamp: timestamp + number, message: text.slice(from, to) });
      from = to;
    }
  }

  #add(line: LogLine): void {
    if (this.#waiting.length >= WAITING_LINES || this.#characters + line.message.length > WAITING_CHARACTERS) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(line);
    this.#characters += line.message.length;
  }

  #isLarge(): boolean {
    return this.#waiting.length >= BATCH_LINES || this.#characters >= BATCH_CHARACTERS;
  }

  #schedule(): void {
    if (this.#isLarge()) this.#write();
    else
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#write();
      }, BATCH_DELAY);
  }

  #write(): void {
    if (this.#writing !== undefined || (this.#waiting.length === 0 && this.#dropped === 0)) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#take();
    try {
      const written = this.#sink.onLog(lines);
      if (written !== undefined) this.#writing = this.#follow(written);
    } catch (error) {
      this.#failure ??= { error };
    }
  }

  #take(): readonly LogLine[] {
    const lines = this.#waiting;
    if (this.#dropped > 0) {
      const message = `${this.#dropped} log entries were dropped: the task logs faster than its log can be written`;
      lines.push({ level: 'WARN', timestamp: this.#now(), message });
    }
    this.#waiting = [];
    this.#characters = 0;
    this.#dropped = 0;
    return lines;
  }

  async #follow(written: Promise<void>): Promise<void> {
    try {
      await written;
    } catch (error) {
      this.#failure ??= { error };
    }
    this.#writing = undefined;
    if (this.#isLarge()) this.#write();
  }
}
