import { parseDuration as parseIsoDuration } from '@tiercel/contracts';

const SECONDS = /^[-+]?\d+(?:\.\d{1,9})?$/;

/** ms of an ISO-8601 duration of days and time, or of a number of seconds (execution-semantics.md §1.1); undefined for anything else. */
export const parseDuration = (text: string): number | undefined =>
  SECONDS.test(text) ? Math.round(Number(text) * 1000) : parseIsoDuration(text);
