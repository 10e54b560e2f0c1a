import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uuidToId } from '@tiercel/model';
import { Database } from '@tiercel/store';
import { createRandom, type Random } from '@tiercel/testkit';
import { until, type ExecutionShape } from '../e2e/server.ts';
import { findBreaches, type Loss } from '../evidence/checker.ts';
import { shapes, type Shape } from '../evidence/flows.ts';
import { countsOf, markedProcesses, processesBelow, readJournal, runningScripts } from '../evidence/journal.ts';
import type { Cluster, ServiceProcess } from './cluster.ts';
import { Load } from './load.ts';
import { SEED } from './sizes.ts';

export interface SceneOptions {
  /** How long the longest script runs, s. */
  readonly longSeconds?: number;
  /** More flows, which take part only where they are named. */
  readonly more?: (namespace: string) => readonly Shape[];
}

/** What is seen of the executions of one fault, from the first call to the last end. */
export interface Outcome {
  readonly executions: readonly ExecutionShape[];
  /** Every way in which a promise was broken. */
  readonly breaches: readonly string[];
}

/** The executions around one fault: who makes them, what their scripts write down, and whether all of it is as promised. */
export class Scene {
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly random: Random;
  readonly load: Load;
  readonly shapes: readonly Shape[];
  readonly losses: Loss[] = [];
  readonly marker: string;
  private readonly folder: string;
  private readonly database: Database;

  private constructor(cluster: Cluster, name: string, folder: string, options: SceneOptions) {
    this.cluster = cluster;
    this.folder = folder;
    this.namespace = `faults.${name}`;
    this.marker = `faults-${process.pid}-${name}`;
    this.random = createRandom(SEED);
    const { namespace, journal, marker } = this;
    const { longSeconds, more } = options;
    const usual = shapes({ namespace, journal, marker, ...(longSeconds !== undefined && { longSeconds }) });
    this.shapes = [...usual, ...(more?.(namespace) ?? [])];
    this.load = new Load({ cluster, namespace, shapes: usual, random: this.random.fork() });
    this.database = new Database({ connection: { url: cluster.databaseUrl }, poolSize: 1, onError: () => undefined });
  }

  /** Its flows are there when it answers. */
  static async open(cluster: Cluster, name: string, options: SceneOptions = {}): Promise<Scene> {
    const scene = new Scene(cluster, name, await mkdtemp(join(tmpdir(), 'tiercel-faults-')), options);
    for (const { source } of scene.shapes) await scene.deploy(source);
    return scene;
  }

  async close(): Promise<void> {
    await this.database.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  private get journal(): string {
    return join(this.folder, 'journal');
  }

  async deploy(source: string): Promise<void> {
    const headers = { 'Content-Type': 'application/x-yaml' };
    await this.json('/flows', { method: 'POST', headers, body: source });
  }

  async json<T>(path: string, init?: RequestInit): Promise<T> {
    const answer = await fetch(`${this.cluster.url}/api/v1${path}`, init);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text.slice(0, 500)}`);
    return JSON.parse(text) as T;
  }

  /** Waits until so many scripts run at this moment. */
  async scriptsRun(count: number): Promise<void> {
    const enough = async (): Promise<true | undefined> =>
      (await runningScripts(await readJournal(this.journal), this.marker)).length >= count ? true : undefined;
    await until(`${count} scripts at a time`, enough, 60_000);
  }

  async accepted(count: number): Promise<void> {
    await until(`${count} accepted`, () => (this.load.accepted.size >= count ? true : undefined), 120_000);
  }

  /**
   * Ends or holds workers by `act` and notes what may run once more because of it. `settle` waits until nothing of them can begin any
   * more; without it, until their scripts are gone.
   */
  async lose(
    workers: readonly ServiceProcess[],
    act: () => Promise<void>,
    settle?: () => Promise<void>,
  ): Promise<void> {
    const ended = new Set((await this.rows('ended_at IS NOT NULL')).map(({ id }) => uuidToId(id)));
    const from = (await readJournal(this.journal)).length;
    await act();
    await (settle ?? (() => this.scriptsGone(workers)))();
    const to = (await readJournal(this.journal)).length;
    this.losses.push(...workers.map(({ root }) => ({ from, to, root, ended })));
  }

  /** Waits until the scripts of killed workers have been killed too; their guards see to that. */
  async scriptsGone(workers: readonly ServiceProcess[], ms = 5_000): Promise<void> {
    const gone = async (): Promise<true | undefined> =>
      (await Promise.all(workers.map(({ root }) => processesBelow(root)))).flat().length === 0 ? true : undefined;
    await until('the end of the scripts of a killed worker', gone, ms);
  }

  /** Task runs whose scripts run now below a worker's folder. */
  async runsOn({ root }: ServiceProcess): Promise<readonly string[]> {
    const lines = await readJournal(this.journal);
    const pids = new Set(await runningScripts(lines, this.marker));
    return lines
      .filter(({ kind, pid, place }) => kind === 'begin' && pids.has(pid) && place.startsWith(`${root}/`))
      .map(({ taskRun }) => taskRun);
  }

  /** Scripts of a worker and their guards. */
  processesOf({ root }: ServiceProcess): Promise<readonly number[]> {
    return processesBelow(root);
  }

  /** Processes of scripts that came to their end. */
  async endedPids(): Promise<readonly number[]> {
    return (await readJournal(this.journal)).filter(({ kind }) => kind === 'end').map(({ pid }) => pid);
  }

  /** Ids of executions, straight from the database. */
  private async rows(condition: string): Promise<readonly { readonly id: string }[]> {
    return this.database.query<{ id: string }>(
      `SELECT id::text AS id FROM executions WHERE namespace = $1 AND ${condition}`,
      [this.namespace],
    );
  }

  /** How many have not ended. */
  async open(): Promise<number> {
    return (await this.rows('ended_at IS NULL')).length;
  }

  async count(): Promise<number> {
    return (await this.rows('true')).length;
  }

  /** How often the reconciler has looked at an open execution since its last step: at half of them at least so often. Four at most. */
  async looks(): Promise<number> {
    const [row] = await this.database.query<{ looks: number }>(
      `SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY owes_tries) AS looks FROM executions WHERE namespace = $1 AND ended_at IS NULL`,
      [this.namespace],
    );
    return row!.looks;
  }

  /** Task runs that were handed out more than once, but for those that are tried again on purpose. */
  async handedOutAgain(): Promise<readonly string[]> {
    const retried = this.shapes.flatMap(({ attempts }) => Object.keys(attempts ?? {}));
    const rows = await this.database.query<{ line: string }>(
      `SELECT e.flow_id || ' ' || t.task_id || ' dispatch ' || t.dispatch AS line
       FROM task_runs t JOIN executions e ON e.id = t.execution_id WHERE e.namespace = $1 AND t.dispatch > 1 AND t.task_id <> ALL($2)`,
      [this.namespace, retried],
    );
    return rows.map(({ line }) => line);
  }

  /** Waits for the end of all executions, at most `ms`, and compares all that was seen. */
  async outcome(ms: number): Promise<Outcome> {
    const began = performance.now();
    const breaches: string[] = [];
    await until('all ended', async () => ((await this.open()) === 0 ? true : undefined), ms).catch(async () => {
      breaches.push(
        `${await this.open()} executions have not ended within ${Math.round(performance.now() - began)} ms`,
      );
    });
    const executions = await this.executions();
    const { accepted, unanswered, delivered, calls } = this.load;
    const journal = await readJournal(this.journal);
    breaches.push(...findBreaches({ shapes: this.shapes, accepted, executions, journal, losses: this.losses }));
    const most = accepted.size + unanswered;
    if (executions.length > most) breaches.push(`${executions.length} executions of ${most} calls at most`);
    const hooked = executions.filter(({ trigger }) => trigger !== undefined).length;
    if (hooked !== delivered.size) breaches.push(`${hooked} executions of ${delivered.size} deliveries`);
    const hanging = calls.filter(({ what }) => what.endsWith('hangs')).length;
    if (hanging > 0) breaches.push(`${hanging} calls hang`);
    const odd = calls.find(({ status }) => status !== 0 && status !== 503 && (status < 200 || status > 299));
    if (odd !== undefined) breaches.push(`an answer ${odd.status}: ${odd.what}`);
    const again = await this.handedOutAgain();
    if (this.losses.length === 0 && again.length > 0) breaches.push(`handed out again: ${again.join('; ')}`);
    const left = await markedProcesses(this.marker);
    if (left.length > 0) breaches.push(`${left.length} processes of scripts are left behind`);
    return { executions, breaches };
  }

  /** Scripts that began, and those that began again. */
  async scripts(): Promise<{ readonly begun: number; readonly again: number }> {
    const journal = await readJournal(this.journal);
    const again = [...countsOf(journal).values()].filter(({ begin }) => begin > 1).length;
    return { begun: journal.filter(({ kind }) => kind === 'begin').length, again };
  }

  async executions(): Promise<readonly ExecutionShape[]> {
    const ids = await this.search();
    const found: ExecutionShape[] = [];
    const reader = async (): Promise<void> => {
      for (let id = ids.pop(); id !== undefined; id = ids.pop()) found.push(await this.json(`/executions/${id}`));
    };
    await Promise.all(Array.from({ length: 8 }, reader));
    return found;
  }

  private async search(): Promise<string[]> {
    const ids: string[] = [];
    for (let page = 1; ; page++) {
      const query = `namespace=${this.namespace}&size=100&page=${page}&sort=id:asc`;
      const found = await this.json<{ results: { id: string }[]; total: number }>(`/executions/search?${query}`);
      ids.push(...found.results.map(({ id }) => id));
      if (found.results.length === 0 || ids.length >= found.total) return ids;
    }
  }
}
