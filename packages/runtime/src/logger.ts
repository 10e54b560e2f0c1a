import { pino, type DestinationStream, type Logger as PinoLogger, type LoggerOptions } from 'pino';

/** Structured logger. Children add bindings; a call names its fields first: `logger.info({ executionId }, 'text')`. */
export type Logger = PinoLogger;

/** Fields that children carry, spelled alike everywhere. */
export interface LogFields {
  readonly service?: string;
  readonly tenant?: string;
  readonly executionId?: string;
  readonly taskRunId?: string;
  readonly taskId?: string;
  readonly flowId?: string;
  readonly namespace?: string;
  readonly triggerId?: string;
  readonly workerGroup?: string;
  readonly traceId?: string;
}

export interface LoggerSettings {
  readonly service: string;
  /** Default `info`. */
  readonly level?: string;
  /** Where lines go; default: standard output. */
  readonly destination?: DestinationStream;
}

/** Members that may hold secrets; their values never reach the log. */
const SECRETS = ['password', 'secret', 'token', 'authorization', 'cookie'];

/** One logger per process; everything else takes a child. JSON lines, ISO time, level as text. */
export function createLogger({ service, level = 'info', destination }: LoggerSettings): Logger {
  const options: LoggerOptions = {
    level,
    base: { service },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`]), censor: '***' },
    serializers: { error: pino.stdSerializers.err, err: pino.stdSerializers.err },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** A child that carries these fields in every line. */
export const childLogger = (logger: Logger, fields: LogFields): Logger => logger.child(fields);

/** A logger that writes nothing, for tests. */
export const silentLogger = (): Logger => pino({ level: 'silent' });
