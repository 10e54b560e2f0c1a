import type { Response } from 'express';
import { ApiError } from '@tiercel/contracts';

/** A stream of server-sent events (rest-api.md §6): the kind of event is in the `id` line, `data` is one line of JSON. */
export interface EventStream {
  /** Sends a frame and waits until the client has room for more; false when the stream is closed. */
  send(id: string, data: string): Promise<boolean>;
  readonly closed: boolean;
  /** Called once when the stream closes, from either side. */
  onClose(listener: () => void): void;
  end(): void;
}

/** All streams of a gateway, so that a stop can end them. */
export interface StreamSet {
  /** Begins a stream as the answer to a request; 503 when there are too many. */
  open(res: Response): EventStream;
  readonly size: number;
  closeAll(): void;
}

export interface StreamOptions {
  readonly maxStreams: number;
  /** ms that a client may take to read what was sent. */
  readonly slowLimit?: number;
}

export function createStreams({ maxStreams, slowLimit = 30_000 }: StreamOptions): StreamSet {
  const streams = new Set<EventStream>();
  return {
    open(res) {
      if (streams.size >= maxStreams) {
        throw new ApiError('unavailable', `there are ${maxStreams} event streams already`, {
          headers: { 'Retry-After': '1' },
        });
      }
      const stream = begin(res, slowLimit);
      streams.add(stream);
      stream.onClose(() => streams.delete(stream));
      return stream;
    },
    get size() {
      return streams.size;
    },
    closeAll() {
      for (const stream of streams) stream.end();
    },
  };
}

function begin(res: Response, slowLimit: number): EventStream {
  const listeners: (() => void)[] = [];
  let closed = res.destroyed;
  const close = (): void => {
    if (closed) return;
    closed = true;
    for (const listener of listeners) listener();
  };
  res.writeHead(200, {
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-cache',
    // Tells proxies of the nginx kind not to collect the stream.
    'X-Accel-Buffering': 'no',
  });
  res.flushHeaders();
  res.once('close', close);
  return {
    async send(id, data) {
      if (closed) return false;
      if (!res.write(`id: ${id}\ndata: ${data}\n\n`)) await drained(res, slowLimit);
      return !closed;
    },
    get closed() {
      return closed;
    },
    onClose(listener) {
      if (closed) listener();
      else listeners.push(listener);
    },
    end() {
      if (!res.writableEnded) res.end();
      close();
    },
  };
}

/** Waits until the client has read; one that does not within the time is cut off. */
const drained = (res: Response, slowLimit: number): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => res.destroy(), slowLimit);
    const done = (): void => {
      clearTimeout(timer);
      res.off('drain', done);
      res.off('close', done);
      resolve();
    };
    res.once('drain', done);
    res.once('close', done);
  });
