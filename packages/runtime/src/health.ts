/** Answers or throws; what it throws is the reason that people read. */
export type HealthCheck = () => void | Promise<void>;

export interface CheckReport {
  readonly status: 'UP' | 'DOWN';
  readonly reason?: string;
}

export interface HealthReport {
  readonly status: 'UP' | 'DOWN';
  readonly checks: Readonly<Record<string, CheckReport>>;
}

/** Health of a process: alive (restart it if not) and ready (send it work). */
export interface Health {
  /** Adds a check for readiness; answers a function that removes it. */
  addReady(name: string, check: HealthCheck): () => void;
  /** Adds a check for liveness: only what a restart cures. */
  addLive(name: string, check: HealthCheck): () => void;
  /** From now on not ready (the process stops), whatever the checks say. */
  drain(): void;
  live(): Promise<HealthReport>;
  ready(): Promise<HealthReport>;
}

/** `timeLimit`: ms after which a check counts as failed. */
export function createHealth(options: { readonly timeLimit?: number } = {}): Health {
  const timeLimit = options.timeLimit ?? 2000;
  const live = new Map<string, HealthCheck>();
  const ready = new Map<string, HealthCheck>();
  let draining = false;

  const add = (checks: Map<string, HealthCheck>, name: string, check: HealthCheck): (() => void) => {
    if (checks.has(name)) throw new Error(`there is a health check '${name}' already`);
    checks.set(name, check);
    return () => checks.delete(name);
  };
  return {
    addReady: (name, check) => add(ready, name, check),
    addLive: (name, check) => add(live, name, check),
    drain: () => {
      draining = true;
    },
    live: () => report(live, timeLimit),
    ready: async () => {
      const result = await report(ready, timeLimit);
      if (!draining) return result;
      return {
        status: 'DOWN',
        checks: { ...result.checks, draining: { status: 'DOWN', reason: 'the service is stopping' } },
      };
    },
  };
}

async function report(checks: ReadonlyMap<string, HealthCheck>, timeLimit: number): Promise<HealthReport> {
  const entries = await Promise.all(
    [...checks].map(async ([name, check]): Promise<[string, CheckReport]> => [name, await run(check, timeLimit)]),
  );
  const status = entries.every(([, entry]) => entry.status === 'UP') ? 'UP' : 'DOWN';
  return { status, checks: Object.fromEntries(entries) };
}

async function run(check: HealthCheck, timeLimit: number): Promise<CheckReport> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeLimit} ms`)), timeLimit);
  });
  try {
    await Promise.race([Promise.resolve().then(check), late]);
    return { status: 'UP' };
  } catch (error) {
    return { status: 'DOWN', reason: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}
