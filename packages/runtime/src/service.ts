import type { Health } from './health.ts';
import type { Logger } from './logger.ts';

/** Where signals come from and how the process ends; the process itself, or a stand-in for tests. */
export interface Host {
  on(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
  off(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
  exit(code: number): void;
}

export interface ServiceOptions {
  readonly name: string;
  readonly logger: Logger;
  /** Starts everything; what it defers is stopped in the reverse order, also when it fails half-way. */
  readonly start: (service: StartContext) => Promise<void> | void;
  /** Runs before what was deferred; stops taking work and ends what is in hand. */
  readonly stop?: () => Promise<void> | void;
  readonly health?: Health;
  /** ms that a stop may take before the process ends anyway. Default 30,000. */
  readonly timeLimit?: number;
  readonly host?: Host;
}

export interface StartContext {
  /** Adds something to stop; the last added stops first. */
  defer(name: string, stop: () => Promise<void> | void): void;
}

export interface Service {
  readonly name: string;
  /** Starts; when it fails, what was started is stopped and the error thrown. */
  start(): Promise<void>;
  /** Stops once; a second call waits for the first. True when everything stopped in time and without error. */
  stop(): Promise<boolean>;
  /** Starts, and ends the process after SIGTERM or SIGINT: 0 after a clean stop, 1 otherwise; a second signal ends it at once. */
  run(): Promise<void>;
}

/** The life cycle of a process: start, drain on a signal, stop in order, within a time limit. */
export function createService(options: ServiceOptions): Service {
  const { name, logger, health } = options;
  const timeLimit = options.timeLimit ?? 30_000;
  const deferred: { name: string; stop: () => Promise<void> | void }[] = [];
  let stopping: Promise<boolean> | undefined;

  const stopPart = async (part: string, stop: () => Promise<void> | void): Promise<boolean> => {
    try {
      await stop();
      return true;
    } catch (error) {
      logger.error({ error, part }, 'stopping failed');
      return false;
    }
  };
  const stopAll = async (): Promise<boolean> => {
    let clean = options.stop === undefined || (await stopPart(name, options.stop));
    for (let part = deferred.pop(); part !== undefined; part = deferred.pop()) {
      clean = (await stopPart(part.name, part.stop)) && clean;
    }
    return clean;
  };
  const stopWithin = async (): Promise<boolean> => {
    health?.drain();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => {
        logger.error({ timeLimit, left: deferred.map((part) => part.name) }, 'the stop took too long');
        resolve(false);
      }, timeLimit);
    });
    try {
      return await Promise.race([stopAll(), late]);
    } finally {
      clearTimeout(timer);
    }
  };
  const service: Service = {
    name,
    async start() {
      try {
        await options.start({ defer: (part, stop) => deferred.push({ name: part, stop }) });
      } catch (error) {
        await service.stop();
        throw error;
      }
    },
    stop: () => (stopping ??= stopWithin()),
    run: () => runUntilSignal(service, options),
  };
  return service;
}

async function runUntilSignal(service: Service, { name, logger, host = process }: ServiceOptions): Promise<void> {
  let signals = 0;
  const onSignal = (signal: string) => () => {
    signals += 1;
    if (signals > 1) {
      logger.warn({ signal }, 'second signal: ending at once');
      host.exit(1);
      return;
    }
    logger.info({ signal }, `${name} stops`);
    void service.stop().then((clean) => {
      logger.info({ clean }, `${name} stopped`);
      host.exit(clean ? 0 : 1);
    });
  };
  const listeners = { SIGTERM: onSignal('SIGTERM'), SIGINT: onSignal('SIGINT') } as const;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) host.on(signal, listeners[signal]);
  try {
    await service.start();
    logger.info(`${name} started`);
  } catch (error) {
    logger.fatal({ error }, `${name} cannot start`);
    for (const signal of ['SIGTERM', 'SIGINT'] as const) host.off(signal, listeners[signal]);
    host.exit(1);
  }
}
