const ISO = /^[-+]?P(?!$)(?:([-+]?\d+)W)?(?:([-+]?\d+)D)?(?:T(?!$)(?:([-+]?\d+)H)?(?:([-+]?\d+)M)?(?:([-+]?\d+(?:[.,]\d{0,9})?)S)?)?$/i;
const SECONDS = /^[-+]?\d+(?:\.\d{1,9})?$/;

/** ms of an ISO-8601 duration of weeks, days and time, or of a number of seconds (execution-semantics.md §1.1); undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (SECONDS.test(text)) return Math.round(Number(text) * 1000);
  const match = ISO.exec(text);
  if (match === null) return undefined;
  const [weeks, days, hours, minutes, seconds] = match.slice(1).map((part) => Number((part ?? '0').replace(',', '.')));
  const total = (((weeks! * 7 + days!) * 24 + hours!) * 60 + minutes!) * 60 + seconds!;
  return Math.round((text.startsWith('-') ? -total : total) * 1000);
}
