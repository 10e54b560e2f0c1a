import { currentState, isTerminal } from '@tiercel/model';
import { createSimulatedStore } from '@tiercel/store/simulated';
import { createRandom } from '@tiercel/testkit';
import { Bodies } from './bodies.ts';
import { VirtualClock } from './clock.ts';
import { Cluster, type Patch } from './cluster.ts';
import { Doors } from './doors.ts';
import { FAULTS_MS, planFaults, refill, ROLES, StoreTroubles } from './faults.ts';
import { checkInvariants } from './invariants.ts';
import { Monitor } from './monitor.ts';
import { Network } from './network.ts';

export interface SimulationOptions {
  readonly seed: number;
  readonly patch?: Patch;
  /** Gets each event with its virtual time, ms since the start. */
  readonly trace?: (at: number, message: string) => void;
}

export interface Outcome {
  readonly seed: number;
  /** Empty: nothing was found. */
  readonly violations: readonly string[];
  /** Events of the virtual clock that were run. */
  readonly steps: number;
  readonly faults: number;
  readonly executions: number;
  readonly bodies: number;
  /** Virtual time until everything was at rest, ms. */
  readonly took: number;
}

const START = Date.UTC(2026, 0, 1);
/** After this long everything must have ended, ms: the longest back-off, twice, and the longest tasks. */
const LIMIT_MS = 300_000;
/** Far more than any run needs; a run that makes more is beyond help, and would take for ever. */
const MAX_BODIES = 400;

/** Runs one whole cluster under one seed and checks what came of it. */
export async function simulate({ seed, patch = {}, trace }: SimulationOptions): Promise<Outcome> {
  const clock = new VirtualClock(START);
  const random = createRandom(seed);
  const say = trace === undefined ? () => undefined : (message: string) => trace(clock.now() - START, message);
  const troubles = new StoreTroubles(random.fork());
  const storeRandom = random.fork();
  const store = createSimulatedStore({
    clock: {
      now: () => clock.now() + troubles.skew,
      elapsed: () => clock.elapsed(),
      after: (ms, work) => clock.after(ms, work),
    },
    faults: () => troubles.next(),
    random: () => storeRandom.next(),
  });
  const monitor = new Monitor(clock, store.inspect);
  const bodies = new Bodies(clock, random.fork());
  bodies.onStart = (body) => {
    if (bodies.all.length > MAX_BODIES) monitor.violation(`more than ${MAX_BODIES} task bodies were started`);
    say(
      `${body.worker.id} runs ${body.job.task.id}${body.job.value === undefined ? '' : `[${body.job.value}]`} of ${body.job.executionId}, dispatch ${body.job.dispatch}`,
    );
    monitor.bodyStarts(body);
  };
  const network = new Network(clock, random.fork(), { loss: 0, repeat: 0, late: 0 });
  const seen = patch.everybodysStore?.(store) ?? store;
  const cluster = new Cluster({
    clock,
    random: random.fork(),
    network,
    store: seen,
    bodies,
    observe: monitor.observe,
    patch,
    trace: say,
  });
  for (const role of ROLES) refill(cluster, role);
  const doors = new Doors({ clock, random: random.fork(), cluster, store, trace: say });
  doors.open();
  const onStoreCrash = (): void => void monitor.storeCrashes.push(clock.now());
  const faults = planFaults({
    clock,
    random: random.fork(),
    cluster,
    network,
    store,
    troubles,
    trace: say,
    onStoreCrash,
  });

  const isAtRest = (): boolean => {
    for (const { execution } of store.inspect.executions())
      if (!isTerminal(currentState(execution.history))) return false;
    for (const left of [store.inspect.inbox(), store.inspect.leases(), store.inspect.wakeUps()])
      for (const _ of left) return false;
    return doors.requests.every(
      (request) =>
        request.executionId !== undefined &&
        (request.shape.name !== 'flaky' || !request.undisturbed || isMended(request.executionId)),
    );
  };
  const isMended = (id: string): boolean => currentState(store.inspect.execution(id)!.execution.history) !== 'FAILED';
  await clock.run(START + FAULTS_MS + 100, () => monitor.violations.length > 0);
  let next = 0;
  let atRest = false;
  const restsOrBroken = (): boolean => {
    if (monitor.violations.length > 0) return true;
    if (clock.now() < next) return false;
    next = clock.now() + 250;
    return (atRest = isAtRest());
  };
  await clock.run(START + LIMIT_MS, restsOrBroken);
  if (monitor.violations.length === 0) {
    checkInvariants({ monitor, inspect: store.inspect, requests: doors.requests, bodies, atRest });
  }
  for (const life of cluster.lives) life.alive = false;
  return {
    seed,
    violations: monitor.violations,
    steps: clock.steps,
    faults: faults + troubles.failures,
    executions: doors.requests.length,
    bodies: bodies.all.length,
    took: clock.now() - START,
  };
}
