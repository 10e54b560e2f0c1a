import type { Request } from 'express';

/** How much of a refused request is still read, bytes and ms. */
const DRAIN_BYTES = 64 * 1024 * 1024;
const DRAIN_MS = 5000;

/**
 * Reads on and throws away what a client sends, within limits, and then calls `done`: a client that only sends, and would be cut off in the
 * middle of that, gets to see why it is refused.
 */
export function drainSome(req: Request, done: () => void): void {
  if (req.readableEnded || req.destroyed) return done();
  let drained = 0;
  const finish = (): void => {
    clearTimeout(timer);
    req.off('data', count);
    for (const event of ['end', 'close', 'error']) req.off(event, finish);
    done();
  };
  const count = (chunk: Buffer): void => {
    drained += chunk.length;
    if (drained > DRAIN_BYTES) finish();
  };
  const timer = setTimeout(finish, DRAIN_MS);
  for (const event of ['end', 'close', 'error']) req.once(event, finish);
  req.on('data', count);
  req.resume();
}
