import { currentState, idFrom, isTerminal, type Execution, type Operation } from '@tiercel/model';
import type { HintRouter } from '@tiercel/queue';
import type { ExecutionStore, NewExecution } from '@tiercel/store';
import type { SimulatedStore } from '@tiercel/store/simulated';
import type { Random } from '@tiercel/testkit';
import type { VirtualClock } from './clock.ts';
import type { Cluster } from './cluster.ts';
import { FAULTS_MS } from './faults.ts';
import { SHAPES, type Shape } from './shapes.ts';

/** One execution that somebody asked for, with all that was asked of it. */
export interface Request {
  readonly shape: Shape;
  /** Id under which it was accepted; with repeats under one delivery, that of the first. */
  executionId: string | undefined;
  readonly scheduleDate: number | undefined;
  readonly operations: { readonly id: string; readonly operation: Operation; accepted: boolean }[];
  /** Nobody kills, pauses or forces it: what becomes of it is known. */
  undisturbed: boolean;
  /** Ids that the store answered; all must be the same. */
  readonly answers: Set<string>;
}

export interface DoorDeps {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly cluster: Cluster;
  readonly store: SimulatedStore;
  readonly trace: (message: string) => void;
}

const RETRY_MS = 200;
/** Requests come in this time. */
const CREATE_MS = 9_000;

/** The doors: create executions, with repeats, and send operations, as clients do who ask again until they get an answer. */
export class Doors {
  readonly requests: Request[] = [];
  private readonly deps: DoorDeps;
  private readonly port: ExecutionStore;
  private readonly router: HintRouter;

  constructor(deps: DoorDeps) {
    this.deps = deps;
    const { store, router } = deps.cluster.outside('door');
    this.port = store;
    this.router = router;
  }

  /** Plans what clients do in this run. */
  open(): void {
    const { clock, random } = this.deps;
    this.keepInformed();
    const count = random.int(5, 7);
    const shapes = random.shuffle(SHAPES).slice(0, random.int(3, 5));
    for (let i = 0; i < count; i++) {
      const shape = shapes[i % shapes.length]!;
      clock.after(random.int(0, CREATE_MS), () => this.request(shape));
    }
    for (let at = FAULTS_MS + 4_000; at < 400_000; at += 5_000) clock.after(at, () => this.tidyUp());
  }

  /** Who executes is known with a delay, as from announcements. */
  private keepInformed(): void {
    const { clock, cluster } = this.deps;
    this.router.setExecutors(cluster.of('executor').map((part) => part.life.id));
    clock.after(2_000, () => this.keepInformed());
  }

  private request(shape: Shape): void {
    const { clock, random } = this.deps;
    const delayed = random.chance(0.2);
    const scheduleDate = delayed ? clock.now() + random.int(500, 9_000) : undefined;
    const request: Request = {
      shape,
      executionId: undefined,
      scheduleDate,
      operations: [],
      undisturbed: true,
      answers: new Set(),
    };
    this.requests.push(request);
    const key = random.chance(0.25) ? `delivery-${this.requests.length}` : undefined;
    const first = this.newExecution(shape, scheduleDate);
    const times = random.chance(0.3) ? random.int(2, 3) : 1;
    for (let i = 0; i < times; i++) {
      // A webhook's sender repeats its delivery under the same key; other clients repeat the id that they chose.
      const execution = key === undefined || i === 0 ? first : this.newExecution(shape, scheduleDate);
      const row: NewExecution = {
        execution,
        ...(scheduleDate !== undefined && { startAt: scheduleDate }),
        ...(key !== undefined && { delivery: { key, ttlMs: 3_600_000 } }),
      };
      clock.after(i === 0 ? 0 : random.int(0, 3_000), () => void this.create(request, row));
    }
    this.planOperations(request);
  }

  private newExecution(shape: Shape, scheduleDate: number | undefined): Execution {
    const { flow } = shape.graph;
    const now = this.deps.clock.now();
    const id = idFrom(now, this.deps.random.words);
    return {
      id,
      tenant: flow.tenant,
      namespace: flow.namespace,
      flowId: flow.id,
      flowRevision: flow.revision,
      history: [{ state: 'CREATED', date: now }],
      labels: [],
      originalId: id,
      attemptNumber: 1,
      originalCreatedDate: now,
      ...(scheduleDate !== undefined && { scheduleDate }),
    };
  }

  /** Asks until it is answered. */
  private async create(request: Request, row: NewExecution): Promise<void> {
    for (;;) {
      try {
        const [outcome] = await this.port.create([row]);
        const id = outcome?.kind === 'exists' ? outcome.executionId : row.execution.id;
        request.answers.add(id);
        request.executionId ??= id;
        if (outcome?.kind === 'created') {
          this.deps.trace(`${id} is created: ${request.shape.name}`);
          if (row.startAt === undefined)
            this.router.send([{ tenant: row.execution.tenant, executionId: id, created: row.execution }]);
        }
        return;
      } catch {
        // The client asks again, with the same request.
        await new Promise<void>((resolve) => this.deps.clock.after(RETRY_MS, resolve));
      }
    }
  }

  private planOperations(request: Request): void {
    const { clock, random } = this.deps;
    const dice = random.next();
    const soon = (): number => random.int(0, 6_000);
    if (dice < 0.22) this.later(request, soon(), { kind: 'kill', cascade: true });
    else if (dice < 0.34) {
      this.later(request, soon(), { kind: 'pause' });
      if (random.chance(0.7))
        this.later(request, 6_000 + soon(), random.chance(0.5) ? { kind: 'resume' } : { kind: 'force-run' });
    } else if (dice < 0.4) this.later(request, soon(), { kind: 'force-run' });
    else if (dice < 0.46) {
      this.later(request, soon(), { kind: 'kill', cascade: true });
      this.later(request, 5_000 + soon(), { kind: 'restart' });
    }
    if (dice < 0.46) request.undisturbed = false;
    if (request.shape.name === 'flaky' || request.shape.name === 'torn') {
      clock.after(
        3_000 + soon(),
        () => request.shape.name === 'flaky' && void this.operate(request, { kind: 'restart' }),
      );
    }
  }

  private later(request: Request, ms: number, operation: Operation): void {
    this.deps.clock.after(ms, () => void this.operate(request, operation));
  }

  /** Sends an operation, sometimes twice under its id. */
  private async operate(request: Request, operation: Operation): Promise<void> {
    const { clock, random } = this.deps;
    const { executionId } = request;
    if (executionId === undefined) return;
    const sent = { id: idFrom(clock.now(), random.words), operation, accepted: false };
    request.operations.push(sent);
    this.deps.trace(`${executionId} is asked to ${operation.kind}`);
    const row = { id: sent.id, tenant: request.shape.graph.flow.tenant, executionId, operation };
    for (let left = random.chance(0.2) ? 2 : 1; left > 0;) {
      try {
        const [known] = await this.port.request([row]);
        sent.accepted ||= known === true;
        left--;
        this.router.send([{ tenant: row.tenant, executionId }]);
      } catch {
        await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve));
      }
    }
  }

  /** After the faults somebody looks after what waits for people: paused executions, failures that a restart mends. */
  private tidyUp(): void {
    for (const request of this.requests) {
      const record =
        request.executionId === undefined ? undefined : this.deps.store.inspect.execution(request.executionId);
      if (record === undefined) continue;
      const state = currentState(record.execution.history);
      if (state === 'PAUSED') void this.operate(request, { kind: 'resume' });
      else if (request.shape.name === 'flaky' && state === 'FAILED' && request.undisturbed)
        void this.operate(request, { kind: 'restart' });
      else if (isTerminal(state)) continue;
    }
  }
}
