/** A map that keeps what was used last, bounded in number and in weight. */
export interface WeightedLru<V> {
  get(key: string): V | undefined;
  /** Drops what was not used for the longest time as needed. Something heavier than the whole bound is not kept. */
  set(key: string, value: V, weight: number): void;
  delete(key: string): void;
  readonly size: number;
}

export function createWeightedLru<V>(maxEntries: number, maxWeight: number): WeightedLru<V> {
  const entries = new Map<string, { readonly value: V; readonly weight: number }>();
  let total = 0;
  const remove = (key: string): void => {
    const entry = entries.get(key);
    if (entry === undefined) return;
    total -= entry.weight;
    entries.delete(key);
  };
  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      // A map keeps the order of insertion: the one used last goes to the end.
      entries.delete(key);
      entries.set(key, entry);
      return entry.value;
    },
    set(key, value, weight) {
      remove(key);
      if (weight > maxWeight) return;
      entries.set(key, { value, weight });
      total += weight;
      for (const oldest of entries.keys()) {
        if (entries.size <= maxEntries && total <= maxWeight) break;
        remove(oldest);
      }
    },
    delete: remove,
    get size() {
      return entries.size;
    },
  };
}
