/**
 * A cache bounded by count and by size, in two generations: a hit costs one lookup, and what was not used for a whole
 * generation goes. Cheaper than a list ordered by use, with nearly the same choice.
 */
export class GenerationCache<T> {
  private readonly maxCount: number;
  private readonly maxSize: number;
  private young = new Map<string, { readonly value: T; readonly size: number }>();
  private old = new Map<string, { readonly value: T; readonly size: number }>();
  private youngSize = 0;

  /** `maxCount` entries and `maxSize` units of size per generation. */
  constructor(maxCount: number, maxSize: number) {
    this.maxCount = maxCount;
    this.maxSize = maxSize;
  }

  get(key: string): T | undefined {
    const recent = this.young.get(key);
    if (recent !== undefined) return recent.value;
    const earlier = this.old.get(key);
    if (earlier === undefined) return undefined;
    this.set(key, earlier.value, earlier.size);
    return earlier.value;
  }

  /** Keeps a value; one larger than a whole generation is not kept. */
  set(key: string, value: T, size: number): void {
    if (size > this.maxSize) return;
    if (this.young.size >= this.maxCount || this.youngSize + size > this.maxSize) {
      this.old = this.young;
      this.young = new Map();
      this.youngSize = 0;
    }
    this.young.set(key, { value, size });
    this.youngSize += size;
  }
}
