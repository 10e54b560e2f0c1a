import { StoreError } from '../ports/execution-store.ts';

/**
 * Joins calls that arrive while an earlier one is under way into one batch, so that a busy store sends few large statements
 * and an idle one answers at once. Each call may hold several items and gets the answers to its own.
 *
 * When a batch fails with `isBad`, it is halved until the culprit stands alone: only that item's caller sees the error.
 * So it is when anything else than a StoreError is thrown: the database only speaks in those, so our own code stumbled over
 * an item before anything was sent.
 */
export class Coalescer<In, Out> {
  private waiting: Entry<In, Out>[] = [];
  private active = 0;
  private readonly work: (items: readonly In[]) => Promise<readonly Out[]>;
  private readonly options: CoalescerOptions<In>;

  constructor(work: (items: readonly In[]) => Promise<readonly Out[]>, options: CoalescerOptions<In>) {
    this.work = work;
    this.options = options;
  }

  /** Answers in the order of the items. Throws the first error, but not before all items have been decided. */
  async add(items: readonly In[]): Promise<readonly Out[]> {
    if (items.length === 0) return [];
    const answers = await Promise.allSettled(items.map((item) => this.enqueue(item)));
    return answers.map((answer) => {
      if (answer.status === 'rejected') throw answer.reason;
      return answer.value;
    });
  }

  private enqueue(item: In): Promise<Out> {
    return new Promise<Out>((resolve, reject) => {
      const key = this.options.keyOf?.(item);
      this.waiting.push({ item, key, resolve, reject });
      // After all that this turn of the event loop brings: answers of other statements, requests, messages.
      if (this.waiting.length === 1) setImmediate(() => this.flush());
    });
  }

  private flush(): void {
    while (this.waiting.length > 0 && this.active < this.options.concurrency) {
      const batch = this.takeBatch();
      this.active++;
      void this.send(batch).finally(() => {
        this.active--;
        this.flush();
      });
    }
  }

  /** The next items in order; of those with one key only the first, the others wait for a later batch. */
  private takeBatch(): readonly Entry<In, Out>[] {
    if (this.options.keyOf === undefined) return this.waiting.splice(0, this.options.maxBatch);
    const keys = new Set<string>();
    const batch: Entry<In, Out>[] = [];
    const left: Entry<In, Out>[] = [];
    for (const entry of this.waiting) {
      if (batch.length >= this.options.maxBatch || (entry.key !== undefined && keys.has(entry.key))) left.push(entry);
      else {
        batch.push(entry);
        if (entry.key !== undefined) keys.add(entry.key);
      }
    }
    this.waiting = left;
    return batch;
  }

  private async send(batch: readonly Entry<In, Out>[]): Promise<void> {
    try {
      const answers = await this.work(batch.map((entry) => entry.item));
      batch.forEach((entry, i) => entry.resolve(answers[i]!));
    } catch (error) {
      if (batch.length > 1 && (!(error instanceof StoreError) || this.options.isBad(error))) {
        const middle = batch.length >> 1;
        await this.send(batch.slice(0, middle));
        await this.send(batch.slice(middle));
      } else for (const entry of batch) entry.reject(error);
    }
  }
}

interface Entry<In, Out> {
  readonly item: In;
  readonly key: string | undefined;
  readonly resolve: (value: Out) => void;
  readonly reject: (error: unknown) => void;
}

export interface CoalescerOptions<In> {
  readonly maxBatch: number;
  /** Batches under way at a time. */
  readonly concurrency: number;
  /** Whether an error means that an item of the batch can never be written. */
  readonly isBad: (error: unknown) => boolean;
  /** Items with the same key never share a batch: one statement cannot write a row twice. */
  readonly keyOf?: (item: In) => string | undefined;
}
