import { createServer } from 'node:net';

/**
 * A port on which nobody listens, for a process that is started soon, and again after it was killed. Below the range that the system gives to
 * outgoing connections and to servers that take any port, which could take it meanwhile.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const free = await new Promise<boolean>((resolve) => {
      const probe = createServer().once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (free) return port;
  }
}
