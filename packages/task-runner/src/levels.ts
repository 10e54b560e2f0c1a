import { LOG_LEVELS, type LogLevel } from '@tiercel/model';

export const isLogLevel = (text: unknown): text is LogLevel => (LOG_LEVELS as readonly unknown[]).includes(text);
