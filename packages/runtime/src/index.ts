export * from './config.ts';
export * from './logger.ts';
export * from './metrics.ts';
export * from './health.ts';
export * from './http.ts';
export * from './service.ts';
