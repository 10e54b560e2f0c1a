import { createExecutor } from '@tiercel/executor';
import type { FlowGraph } from '@tiercel/engine';
import type { IoCall, IoResult } from '@tiercel/expressions';
import type { ExecutionStore } from '@tiercel/store';
import type { SimulatedStore } from '@tiercel/store/simulated';
import { createHintRouter, type HintRouter } from '@tiercel/queue';
import { createScheduler } from '@tiercel/scheduler';
import type { Random } from '@tiercel/testkit';
import { createWorker } from '@tiercel/worker';
import { runInline, type Bodies } from './bodies.ts';
import type { VirtualClock } from './clock.ts';
import { fencedClock, fencedStore, newLife, type Life, type Observer } from './life.ts';
import type { Network } from './network.ts';
import { shapeOf } from './shapes.ts';

export type Role = 'executor' | 'worker' | 'scheduler';

export interface Part {
  readonly role: Role;
  readonly life: Life;
  stop(): Promise<void>;
}

/** Changes what a part is given: how bugs are planted, without a switch in any product code. */
export interface Patch {
  /** The store as the parts of one role see it. */
  readonly store?: (role: Role, store: ExecutionStore) => ExecutionStore;
  readonly graph?: (graph: FlowGraph) => FlowGraph;
  /** The store itself, for everybody. */
  readonly everybodysStore?: (store: SimulatedStore) => ExecutionStore;
}

export interface ClusterDeps {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly network: Network;
  readonly store: ExecutionStore;
  readonly bodies: Bodies;
  readonly observe: Observer;
  readonly patch: Patch;
  readonly trace: (message: string) => void;
}

/** Lengths are the real ones, except that workers hold few tasks and executors little in memory: so that both limits are met. */
const WORKER_LIMITS = { capacity: 3, cutOffMs: 20_000 };
const EXECUTOR_LIMITS = { cachedTaskRuns: 30, runsPerStep: 4 };
/** How long a worker that stops in an orderly way waits for its tasks, ms. */
const GRACE_MS = 1_000;

/** The parts that live, and how new ones are made. */
export class Cluster {
  readonly parts: Part[] = [];
  readonly lives: Life[] = [];
  private made = 0;
  private readonly deps: ClusterDeps;

  constructor(deps: ClusterDeps) {
    this.deps = deps;
  }

  of(role: Role): readonly Part[] {
    return this.parts.filter((part) => part.role === role);
  }

  /** A port for something that is no part of the cluster: a door, a client. */
  outside(id: string): { readonly life: Life; readonly store: ExecutionStore; readonly router: HintRouter } {
    const life = newLife(id);
    const { clock, network, observe } = this.deps;
    return {
      life,
      store: fencedStore(life, this.deps.store, clock, observe),
      router: createHintRouter(network.queue(life)),
    };
  }

  start(role: Role): void {
    const life = newLife(`${role}-${String(++this.made).padStart(3, '0')}`);
    this.lives.push(life);
    const part = MAKERS[role](life, this.deps);
    this.parts.push(part);
    this.deps.trace(`${life.id} starts`);
  }

  /** The part is gone from one step to the next. */
  crash(part: Part): void {
    this.end(part.life);
    this.remove(part);
    this.deps.trace(`${part.life.id} crashes`);
  }

  /** The part is asked to stop, and dies when it has. */
  async stop(part: Part): Promise<void> {
    this.remove(part);
    this.deps.trace(`${part.life.id} is asked to stop`);
    part.life.stopping = true;
    await part.stop();
    this.end(part.life);
    this.deps.trace(`${part.life.id} has stopped`);
  }

  private end(life: Life): void {
    life.alive = false;
    life.diedAt = this.deps.clock.now();
  }

  private remove(part: Part): void {
    const at = this.parts.indexOf(part);
    if (at >= 0) this.parts.splice(at, 1);
  }
}

const logTo = (life: Life, trace: ClusterDeps['trace']) => {
  const say = (fields: object, message: string): void =>
    trace(`${life.id}: ${message} ${String((fields as { error?: unknown }).error ?? '')}`);
  return { info: say, warn: say, error: say };
};

/** What every part gets. */
function common(role: Role, life: Life, deps: ClusterDeps) {
  const queue = deps.network.queue(life);
  const clock = fencedClock(life, deps.clock);
  const store = fencedStore(life, deps.store, deps.clock, deps.observe);
  return {
    id: life.id,
    clock,
    queue,
    bus: deps.network.bus(life),
    router: createHintRouter(queue),
    store: deps.patch.store?.(role, store) ?? store,
    log: logTo(life, deps.trace),
  };
}

const MAKERS: { readonly [R in Role]: (life: Life, deps: ClusterDeps) => Part } = {
  executor: (life, deps) => {
    const given = common('executor', life, deps);
    const executor = createExecutor({
      ...given,
      graph: (execution) => {
        const { graph } = shapeOf(execution.flowId);
        return deps.patch.graph?.(graph) ?? graph;
      },
      runInline: runInline(given.clock),
      perform: (calls) => perform(calls, given.clock, deps.random),
      env: { random: () => 0.5 },
      server: {},
      limits: EXECUTOR_LIMITS,
    });
    void executor.start();
    return { role: 'executor', life, stop: () => executor.stop() };
  },
  worker: (life, deps) => {
    const worker = createWorker({
      ...common('worker', life, deps),
      workerGroup: 'default',
      runAttempt: (job, signal, sink) => deps.bodies.run(life, job, signal, sink),
      limits: WORKER_LIMITS,
    });
    void worker.start();
    return { role: 'worker', life, stop: () => worker.stop(GRACE_MS) };
  },
  scheduler: (life, deps) => {
    const given = common('scheduler', life, deps);
    const scheduler = createScheduler(given);
    void scheduler.start();
    return { role: 'scheduler', life, stop: () => scheduler.stop() };
  },
};

/** I/O of expressions: takes its time, and knows one answer. */
function perform(
  calls: readonly IoCall[],
  clock: { after(ms: number, work: () => void): () => void },
  random: Random,
): Promise<ReadonlyMap<string, IoResult>> {
  const results = new Map(calls.map((call) => [call.key, { value: 42 }] as const));
  return new Promise((resolve) => clock.after(random.int(1, 120), () => resolve(results)));
}
