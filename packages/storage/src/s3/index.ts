export { checkS3, S3SetupError, type S3Problem } from './check.ts';
export { createS3Storage } from './s3-storage.ts';
export type { S3Limits, S3Settings } from './settings.ts';
