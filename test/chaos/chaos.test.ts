import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { LocalServer, until, type ExecutionShape } from '../e2e/server.ts';
import { findBreaches, type Loss } from '../evidence/checker.ts';
import { shapes } from '../evidence/flows.ts';
import { countsOf, markedProcesses, readJournal, runningScripts } from '../evidence/journal.ts';

/**
 * kill -9 in the midst of running executions. By hand, larger:
 * CHAOS_EXECUTIONS=500 CHAOS_KILLS=5 npx vitest run test/chaos
 */
const EXECUTIONS = Number(process.env['CHAOS_EXECUTIONS'] ?? 60);
const KILLS = Number(process.env['CHAOS_KILLS'] ?? 2);
const NAMESPACE = 'chaos';
/** Callers at a time. */
const CALLERS = 16;
/** From a server that is ready again to the next end of an execution, ms. */
const GOES_ON_WITHIN = 15_000;
const KINDS = ['server', 'postgres', 'server', 'both', 'server'] as const;

let server: LocalServer | undefined;
let folder: string | undefined;
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail')
    process.stderr.write(`the server said last:\n${server?.output.slice(-4_000) ?? 'nothing'}\n`);
  await server?.remove();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

test(
  `${EXECUTIONS} executions survive ${KILLS} kills`,
  async () => {
    folder = await mkdtemp(join(tmpdir(), 'tiercel-chaos-'));
    server = await LocalServer.make(
      process.env['CHAOS_LOG'] === undefined ? {} : { TIERCEL_SERVER_LOG_LEVEL: process.env['CHAOS_LOG'] },
    );
    const scene = new Scene(server, folder);
    for (const { source } of scene.shapes) await server.deploy(source);
    const perRound = Math.ceil(EXECUTIONS / (KILLS + 1));
    for (let round = 0; round <= KILLS; round++) {
      const submitted = scene.submit(Math.min(perRound, EXECUTIONS - round * perRound));
      if (round < KILLS) {
        // In the midst: some of this round are still on their way in, some run, some have ended.
        await until(
          'half of a round',
          () => (scene.accepted.size >= (round + 0.5) * perRound ? true : undefined),
          60_000,
        );
        await scene.scriptsRun(Math.min(12, Math.ceil(perRound / 5)));
        await scene.kill(KINDS[round % KINDS.length]!);
      }
      await submitted;
    }
    const executions = await scene.allEnded();
    const journal = await readJournal(scene.journal);
    const breaches = findBreaches({
      shapes: scene.shapes,
      accepted: scene.accepted,
      executions,
      journal,
      losses: scene.losses,
    });
    const again = [...countsOf(journal).values()].filter(({ begin }) => begin > 1).length;
    process.stdout.write(
      `chaos: ${scene.accepted.size} accepted, ${executions.length} ended, ${scene.unanswered} calls unanswered, ` +
        `${journal.filter(({ kind }) => kind === 'begin').length} scripts begun, ${again} ran again; ${scene.notes.join('; ')}\n`,
    );
    for (const breach of breaches.slice(0, 4))
      process.stdout.write(`BREACH ${breach}\n${await scene.describe(breach.split(' ')[1]!)}\n`);
    expect(breaches).toEqual([]);
    expect(executions.length).toBeGreaterThanOrEqual(scene.accepted.size);
  },
  120_000 + EXECUTIONS * 2_000,
);

/** The server, those who call it, and what they were told. */
class Scene {
  readonly accepted = new Set<string>();
  readonly notes: string[] = [];
  readonly losses: Loss[] = [];
  readonly journal: string;
  readonly shapes: ReturnType<typeof shapes>;
  unanswered = 0;
  private readonly server: LocalServer;
  private readonly marker: string;
  private down = false;

  constructor(local: LocalServer, place: string) {
    this.server = local;
    this.journal = join(place, 'journal');
    this.marker = `chaos-${process.pid}-${Date.now()}`;
    this.shapes = shapes({ namespace: NAMESPACE, journal: this.journal, marker: this.marker });
  }

  /** Makes so many executions of all shapes; a call that is not answered is made again as another one. */
  async submit(count: number): Promise<void> {
    let next = 0;
    const caller = async (): Promise<void> => {
      while (next < count) {
        const shape = this.shapes[next++ % this.shapes.length]!;
        while (!(await this.create(shape.id)))
          await until('a server', async () => ((await this.server.ready()) ? true : undefined), 60_000);
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, caller));
  }

  private async create(flow: string): Promise<boolean> {
    try {
      const answer = await this.server.call(`/executions/${NAMESPACE}/${flow}`, { method: 'POST' });
      const body = (await answer.json()) as ExecutionShape;
      if (answer.status === 200) this.accepted.add(body.id);
      // While the database is away the server may refuse; it may do nothing else.
      else if (answer.status < 500 || !this.down) throw new Error(`${answer.status}: ${JSON.stringify(body)}`);
      return answer.status === 200;
    } catch (error) {
      // Without an answer nobody knows whether it was made.
      if (!this.down && !(error instanceof TypeError)) throw error;
      this.unanswered++;
      return false;
    }
  }

  async describe(id: string): Promise<string> {
    const base = this.server.url;
    const logs = await (await fetch(`${base}/api/v1/logs/${id}/download?minLevel=TRACE`)).text();
    const execution = await (await fetch(`${base}/api/v1/executions/${id}`)).text();
    return `${logs}\n${execution.slice(0, 1800)}`;
  }

  /** Kills, starts again, and waits until executions end again. */
  async kill(kind: (typeof KINDS)[number]): Promise<void> {
    this.down = true;
    const before = await readJournal(this.journal);
    const postgres = await this.server.postgresPid();
    const running = (await runningScripts(before, this.marker)).length;
    const settled = await this.endedNow();
    if (kind !== 'postgres') await this.server.kill();
    if (kind !== 'server') process.kill(postgres, 'SIGKILL');
    if (kind !== 'postgres') {
      await this.noScriptsRun();
      const at = (await readJournal(this.journal)).length;
      this.losses.push({ from: at, to: at, ended: settled });
    }
    const began = performance.now();
    const ready = kind === 'postgres' ? await this.readyAgain() : await this.server.start();
    this.down = false;
    const ended = await this.endedCount();
    await until(
      'an execution that ends after a kill',
      async () => ((await this.endedCount()) > ended ? true : undefined),
      GOES_ON_WITHIN,
    );
    const onAgain = performance.now() - began - ready;
    this.notes.push(
      `kill of ${kind} with ${running} scripts running: ready after ${seconds(ready)}, going on ${seconds(onAgain)} later`,
    );
    expect(onAgain).toBeLessThan(GOES_ON_WITHIN);
  }

  /** Waits until so many scripts run at this moment. */
  async scriptsRun(count: number): Promise<void> {
    await until(
      `${count} scripts at a time`,
      async () =>
        (await runningScripts(await readJournal(this.journal), this.marker)).length >= count ? true : undefined,
      30_000,
    );
  }

  private async readyAgain(): Promise<number> {
    const began = performance.now();
    await until(
      'the database again',
      async () => (await this.endedCount().catch(() => undefined)) ?? undefined,
      30_000,
    );
    return performance.now() - began;
  }

  private async noScriptsRun(): Promise<void> {
    await until(
      'the end of the scripts of a killed server',
      async () => ((await markedProcesses(this.marker)).length === 0 ? true : undefined),
      5_000,
    );
  }

  /** Executions that have ended, as far as the newest thousand tell. */
  private async endedNow(): Promise<ReadonlySet<string>> {
    const { results } = await this.server.json<{ results: readonly ExecutionShape[] }>(
      `/executions/search?namespace=${NAMESPACE}&size=1000&sort=id:desc&state=SUCCESS`,
    );
    return new Set(results.map(({ id }) => id));
  }

  private async endedCount(): Promise<number> {
    const states = ['SUCCESS', 'WARNING', 'FAILED', 'KILLED', 'CANCELLED'].map((state) => `state=${state}`).join('&');
    return (await this.server.json<{ total: number }>(`/executions/search?namespace=${NAMESPACE}&size=1&${states}`))
      .total;
  }

  /** All executions of the namespace, once they have ended. */
  async allEnded(): Promise<readonly ExecutionShape[]> {
    const total = async (): Promise<number> =>
      (await this.server.json<{ total: number }>(`/executions/search?namespace=${NAMESPACE}&size=1`)).total;
    await until(
      'the end of all executions',
      async () => ((await this.endedCount()) === (await total()) ? true : undefined),
      60_000 + EXECUTIONS * 1_000,
    );
    const ids: string[] = [];
    for (let page = 1; ids.length < (await total()); page++) {
      const found = await this.server.json<{ results: { id: string }[] }>(
        `/executions/search?namespace=${NAMESPACE}&size=100&page=${page}&sort=id:asc`,
      );
      if (found.results.length === 0) break;
      ids.push(...found.results.map(({ id }) => id));
    }
    return Promise.all(ids.map((id) => this.server.json<ExecutionShape>(`/executions/${id}`)));
  }
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
