import type { Fault, SimulatedStore } from '@tiercel/store/simulated';
import type { Random } from '@tiercel/testkit';
import type { VirtualClock } from './clock.ts';
import type { Cluster, Part, Role } from './cluster.ts';
import type { Network, Weather } from './network.ts';

/** Faults happen in this time; afterwards the cluster has to come to rest by itself. */
export const FAULTS_MS = 20_000;
/** The store's clock never differs by more than this from everybody else's, ms. */
export const MAX_SKEW_MS = 400;

const CALM: Weather = { loss: 0, repeat: 0, late: 0 };
const USUAL: Weather = { loss: 0.03, repeat: 0.04, late: 0.06 };
const STORM: Weather = { loss: 0.5, repeat: 0.2, late: 0.3 };

/** State of the store's troubles, asked at each of its calls. */
export class StoreTroubles {
  away = false;
  slow = false;
  /** Single calls fail. */
  flaky = true;
  /** The store's clock runs ahead of the others by so much. */
  skew = 0;
  failures = 0;
  private readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  next(): Fault | undefined {
    const { random } = this;
    if (this.away) return { delayMs: random.int(1, 20), fail: 'before' };
    const dice = random.next();
    if (this.flaky && dice < 0.012) {
      this.failures++;
      return { delayMs: random.int(0, 30), fail: dice < 0.006 ? 'before' : 'after' };
    }
    if (this.slow && dice < 0.4) return { delayMs: random.int(5, 700), answerDelayMs: random.int(5, 300) };
    if (dice < 0.2) return { delayMs: random.int(1, 10) };
    if (dice < 0.4) return { answerDelayMs: random.int(1, 10) };
    return undefined;
  }
}

export interface FaultTargets {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly cluster: Cluster;
  readonly network: Network;
  readonly store: SimulatedStore;
  readonly troubles: StoreTroubles;
  readonly trace: (message: string) => void;
  /** Told that the store crashed and forgot what was not on disk. */
  readonly onStoreCrash: () => void;
}

type Kind = 'crash' | 'stop' | 'wipe' | 'store-crash' | 'outage' | 'cut-off' | 'clock' | 'storm' | 'slow';

const KINDS: readonly Kind[] = [
  'crash',
  'crash',
  'crash',
  'crash',
  'stop',
  'wipe',
  'store-crash',
  'outage',
  'cut-off',
  'clock',
  'storm',
  'slow',
];
export const ROLES: readonly Role[] = ['executor', 'worker', 'scheduler'];

/** Plans the faults of a run and lets them happen. Answers how many. */
export function planFaults(targets: FaultTargets): number {
  const { clock, random, network, troubles } = targets;
  Object.assign(network.weather, USUAL);
  const count = random.int(4, 8);
  for (let i = 0; i < count; i++) {
    const kind = random.pick(KINDS);
    clock.after(random.int(100, FAULTS_MS - 1_000), () => FAULTS[kind](targets));
  }
  clock.after(FAULTS_MS, () => {
    Object.assign(network.weather, CALM);
    Object.assign(troubles, { away: false, slow: false, flaky: false });
    for (const life of targets.cluster.lives) life.cutOff = false;
    for (const role of ROLES) refill(targets.cluster, role);
    targets.trace('the faults are over');
  });
  return count;
}

/** A part of some role, if one lives; a new one comes later. */
function victim({ random, cluster, clock }: FaultTargets): Part | undefined {
  const role = random.pick(ROLES);
  const parts = cluster.of(role);
  if (parts.length === 0) return undefined;
  clock.after(random.int(20, 7_000), () => refill(cluster, role));
  return random.pick(parts);
}

/** Parts of each role that there should be. */
const WANTED = 2;

/** Brings a role back to its number. */
export function refill(cluster: Cluster, role: Role): void {
  while (cluster.of(role).length < WANTED) cluster.start(role);
}

const lasting = (targets: FaultTargets, least: number, most: number, begin: () => void, end: () => void): void => {
  begin();
  targets.clock.after(targets.random.int(least, most), end);
};

const FAULTS: { readonly [K in Kind]: (targets: FaultTargets) => void } = {
  crash: (targets) => {
    const part = victim(targets);
    if (part !== undefined) targets.cluster.crash(part);
  },
  stop: (targets) => {
    const part = victim(targets);
    if (part !== undefined) void targets.cluster.stop(part);
  },
  wipe: ({ network, random, trace }) => {
    const noticed = random.chance(0.5);
    trace(`the queue is wiped, ${noticed ? 'noticed' : 'unnoticed'}`);
    network.wipe(noticed);
  },
  'store-crash': ({ store, trace, onStoreCrash }) => {
    trace('the store crashes');
    store.crash();
    onStoreCrash();
  },
  outage: (targets) => {
    targets.trace('the store is away');
    lasting(
      targets,
      500,
      12_000,
      () => (targets.troubles.away = true),
      () => (targets.troubles.away = false),
    );
  },
  'cut-off': (targets) => {
    const part = targets.random.pick(targets.cluster.parts);
    targets.trace(`${part.life.id} cannot reach the store`);
    lasting(
      targets,
      500,
      15_000,
      () => (part.life.cutOff = true),
      () => (part.life.cutOff = false),
    );
  },
  clock: ({ troubles, random, trace }) => {
    troubles.skew = random.int(-MAX_SKEW_MS / 2, MAX_SKEW_MS / 2);
    trace(`the store's clock differs by ${troubles.skew} ms now`);
  },
  storm: (targets) => {
    targets.trace('the network is bad');
    lasting(
      targets,
      500,
      6_000,
      () => Object.assign(targets.network.weather, STORM),
      () => Object.assign(targets.network.weather, USUAL),
    );
  },
  slow: (targets) => {
    targets.trace('the store is slow');
    lasting(
      targets,
      500,
      4_000,
      () => (targets.troubles.slow = true),
      () => (targets.troubles.slow = false),
    );
  },
};
