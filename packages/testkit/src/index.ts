export * from './clock.ts';
export * from './database.ts';
export * from './fixtures.ts';
export * from './free-port.ts';
export * from './random.ts';
export * from './s3/index.ts';
export * from './redis.ts';
export type { RedisReply } from './redis-command.ts';
export * from './wait-until.ts';
