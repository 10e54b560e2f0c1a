import { WaitingError, Worker, type BackendFactory, type IQueueBackend, type Job, type WorkerOptions } from 'bullmq';
import { MAX_TRIES } from '../memory-queue.ts';
import type { Consumer, MessagingLog, QueueMessage } from '../port.ts';
import { Doze, type BullBackend, type Source } from './backend.ts';
import { Places } from './places.ts';

export interface BullConsumerOptions {
  readonly backend: BullBackend;
  /** Name as BullMQ knows it. */
  readonly queue: string;
  readonly concurrency: number;
  readonly handler: (message: QueueMessage) => Promise<void>;
  readonly log: MessagingLog;
  /** Told of what BullMQ complains about. */
  readonly onTrouble: (error: unknown) => void;
}

/** What BullMQ answers for "there is no job". */
const NOTHING = [null, undefined, 0, 0];

/** How long a consumer that could not take anything waits before it tries again, ms. */
const BREATH = 500;

/** How long `stop` waits for the ends of jobs to be written down, ms; a backend may be away. */
const LAST_WORDS = 1_500;

// A job that was stalled any number of times is handed out again; as an integer this must fit PostgreSQL's.
const UNLIMITED = 2_147_483_647;

const WORKER_OPTIONS: Omit<WorkerOptions, 'connection' | 'concurrency'> = {
  lockDuration: 6_000,
  stalledInterval: 3_000,
  maxStalledCount: UNLIMITED,
  // A kept job would swallow a repeat of its id.
  removeOnComplete: { count: 0 },
  removeOnFail: { count: 0 },
  // Seconds of one blocking wait: a wake-up that got lost with a connection costs at most that.
  drainDelay: 2,
  // Instead of 15 s after an error of the connection.
  runRetryDelay: 250,
};

/** A BullMQ worker that can be halted at once, and tries a handler that throws again by itself. */
export class BullConsumer implements Consumer {
  private readonly options: BullConsumerOptions;
  private readonly breath = new Doze();
  private readonly places: Places;
  private readonly dismiss: () => void;
  private source: Source | undefined;
  private worker: Worker<unknown, unknown, string, IQueueBackend> | undefined;
  private halted = false;
  private ended: Promise<void> | undefined;

  constructor(options: BullConsumerOptions) {
    this.options = options;
    this.places = new Places(options.concurrency, (limit) => {
      if (this.worker !== undefined) this.worker.concurrency = limit;
    });
    this.dismiss = options.backend.whenAdmitted(() => this.start());
  }

  private start(): void {
    if (this.halted) return;
    const { backend, queue, concurrency, onTrouble } = this.options;
    const connected: BackendFactory = (name, options) => {
      const source = backend.source(name, options);
      this.halting(source);
      this.source = source;
      return source.backend;
    };
    const workerOptions = { ...WORKER_OPTIONS, concurrency, connection: {} };
    this.worker = new Worker(queue, (job: Job, token) => this.work(job, token), workerOptions, connected);
    this.worker.on('error', onTrouble);
  }

  /** BullMQ's own pause takes one more job when a wait ends, and waits for a wait; this does neither. */
  private halting(source: Source): void {
    const { backend } = source;
    const take = backend.moveToActive.bind(backend);
    backend.moveToActive = async (token, name) => {
      if (this.halted) return NOTHING;
      try {
        return await take(token, name);
      } catch (error) {
        // BullMQ would try again at once, and so without end.
        if (!this.halted) await this.breath.for(BREATH);
        throw error;
      }
    };
    backend.waitForJob = async (seconds) => {
      // Who has no place for a message must not take the wake-up from those who have.
      if (this.places.full) await this.places.room();
      else if (!this.halted) await source.wait(seconds);
      // No job in particular: BullMQ looks.
      return null;
    };
    backend.disconnectBlocking = async () => source.wake();
    backend.reconnectBlocking = async () => undefined;
  }

  private async work(job: Job, token: string | undefined): Promise<void> {
    const granted = this.places.take();
    // Was on its way when we were halted, or was fetched ahead in vain.
    if (granted !== true && !(await granted)) return this.giveBack(job, token);
    try {
      const message = this.options.backend.decode(job.data);
      for (let attempt = 1; attempt <= MAX_TRIES; attempt++) {
        try {
          await this.options.handler(message);
          return;
        } catch (error) {
          this.options.log.error({ error }, 'a handler of messages failed');
          if (this.halted) return await this.giveBack(job, token);
        }
      }
    } finally {
      this.places.leave();
    }
  }

  private async giveBack(job: Job, token: string | undefined): Promise<void> {
    await job.moveToWait(token).catch(this.options.onTrouble);
    // How a BullMQ processor says that the job is neither done nor failed.
    throw new WaitingError();
  }

  pause(): void {
    if (this.halted) return;
    this.halted = true;
    this.places.halt();
    this.dismiss();
    this.breath.wake();
    void this.worker?.pause(true);
    this.source?.wake();
  }

  async stop(): Promise<void> {
    this.pause();
    await this.places.empty();
    await (this.ended ??= this.end());
  }

  private async end(): Promise<void> {
    const { worker } = this;
    if (worker === undefined) return;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, LAST_WORDS)));
    await Promise.race([worker.close().catch(this.options.onTrouble), patience]);
    clearTimeout(timer);
  }
}
