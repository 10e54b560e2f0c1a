import type { Metric } from '@tiercel/model';

/** More different metrics than this in one attempt are refused: their tags are unbounded then. */
const MAX_SERIES = 10_000;

/** Adds up the metrics of one attempt: the same type, name and tags give one record (execution-semantics.md §4.5). */
export class AttemptMetrics {
  readonly #byKey = new Map<string, Metric>();

  /** Throws for values that are no finite numbers, and when the attempt has too many different metrics. */
  add(metric: Omit<Metric, 'timestamp'>, timestamp: number): void {
    if (!Number.isFinite(metric.value)) throw new Error(`the metric '${metric.name}' has no finite value`);
    const key = keyOf(metric);
    const known = this.#byKey.get(key);
    if (known === undefined && this.#byKey.size >= MAX_SERIES) {
      throw new Error(`more than ${MAX_SERIES} different metrics in one attempt: use fewer values in tags`);
    }
    this.#byKey.set(
      key,
      known === undefined ? { ...metric, timestamp } : { ...known, value: known.value + metric.value },
    );
  }

  all(): readonly Metric[] {
    return [...this.#byKey.values()];
  }
}

function keyOf({ type, name, tags }: Omit<Metric, 'timestamp'>): string {
  if (tags === undefined) return `${type} ${name}`;
  const pairs = Object.entries(tags).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `${type} ${name} ${JSON.stringify(pairs)}`;
}
