import type { IQueueBackend, QueueBaseOptions } from 'bullmq';
import type { QueueMessage } from '../port.ts';

/** What differs between the stores under BullMQ. */
export interface BullBackend {
  /** For adding, counting and removing. Its operations never wait for a store that is away. */
  producer(queue: string): IQueueBackend;
  /** For one consumer, with the options of its BullMQ worker. */
  source(queue: string, options: QueueBaseOptions): Source;
  /** False while nothing can be sent. */
  open(): boolean;
  /** Calls back as soon as messages may be taken: at once, or after the first contact. Answers how to take that back. */
  whenAdmitted(work: () => void): () => void;
  /** How a message is kept in a job, and back. */
  encode(message: QueueMessage): unknown;
  decode(data: unknown): QueueMessage;
  /** Value of BullMQ's `streams.events.maxLen`: nobody reads its events. */
  readonly maxEvents: number;
  /** How many sendings to one queue may be under way. */
  readonly parallel: number;
}

/** Where one consumer takes its messages from. */
export interface Source {
  readonly backend: IQueueBackend;
  /** Waits until there may be a message, or for so many seconds, or until `wake`; never throws. */
  wait(seconds: number): Promise<void>;
  /** Ends the wait that is under way, and takes no wake-up of others any more. */
  wake(): void;
}

/** A pause that can be cut short. */
export class Doze {
  private end: (() => void) | undefined;

  /** Resolves after `ms`, or at `wake`. */
  for(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.end = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  wake(): void {
    this.end?.();
  }
}
