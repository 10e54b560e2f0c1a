import { Readable } from 'node:stream';
import { StorageError } from '../port.ts';
import { toS3Error } from './errors.ts';

/**
 * The body of an answer as a stream that may be read slowly, or left: the server's silence counts only while it is waited
 * for, errors are those of the storage, and closing it closes the connection.
 */
export function guardedBody(body: Readable, path: string, idleTimeout: number): Readable {
  let timer: NodeJS.Timeout | undefined;
  const stopWaiting = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  const silent = (): void => {
    const seconds = idleTimeout / 1000;
    guarded.destroy(
      new StorageError(
        'unavailable',
        `the storage path '${path}' cannot be read now: the object storage (S3) was silent for ${seconds} s, try again`,
      ),
    );
  };
  const guarded = new Readable({
    read() {
      timer ??= setTimeout(silent, idleTimeout);
      body.resume();
    },
    destroy(error, done) {
      stopWaiting();
      body.destroy();
      done(error);
    },
  });
  let ended = false;
  body.on('data', (chunk: Buffer) => {
    stopWaiting();
    if (guarded.push(chunk)) timer = setTimeout(silent, idleTimeout);
    else body.pause();
  });
  body.once('end', () => {
    ended = true;
    stopWaiting();
    guarded.push(null);
  });
  const broken = (error: unknown): void => {
    guarded.destroy(toS3Error(error, path) as Error);
  };
  body.on('error', broken);
  body.once('close', () => {
    if (!ended && !guarded.destroyed) {
      broken(Object.assign(new Error('the connection ended early'), { code: 'ECONNRESET' }));
    }
  });
  body.pause();
  return guarded;
}
