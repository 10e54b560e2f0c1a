/**
 * How large the tests of faults are. In CI small; by hand as the promises say:
 * FAULTS_EXECUTIONS=500 FAULTS_LONG=1 FAULTS_SEED=7 npx vitest run test/distributed
 */
export const LONG = process.env['FAULTS_LONG'] === '1';

export const SEED = Number(process.env['FAULTS_SEED'] ?? 4);
/** Executions that are made around each fault. */
export const EXECUTIONS = Number(process.env['FAULTS_EXECUTIONS'] ?? 100);
/** How long what is away stays away, ms. */
export const OUTAGE_MS = LONG ? 30_000 : 8_000;
/** How long a process is frozen, ms; longer than a lease lasts and than it takes to notice its end. */
export const FREEZE_MS = LONG ? 30_000 : 13_000;
/** Jobs that wait for one slow worker, and how long, ms. */
export const BACKLOG = LONG ? 10_000 : 1_000;
export const BACKLOG_MS = LONG ? 180_000 : 30_000;
/** Rounds in which each service is stopped and replaced. */
export const ROUNDS = LONG ? 20 : 2;
/** How often an executor joins or leaves. */
export const CHANGES = LONG ? 40 : 8;

/** From a fault, or from its end, to the next end of an execution that was running, ms. */
export const GOES_ON_WITHIN = 15_000;
/** From the end of an outage to the end of all executions, ms. */
export const ALL_ENDED_WITHIN = 60_000;

/** Time limit of one test, ms: what its length asks for, and room for a busy machine. */
export const limit = (ms: number): number => 120_000 + ms * 2 + EXECUTIONS * 400;
