import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startRedis, startTestS3, type TestRedis, type TestS3 } from '@tiercel/testkit';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '@tiercel/store/embedded';
import { launch, textOf, until } from '../e2e/server.ts';

export const SERVICES = ['gateway', 'executor', 'worker', 'scheduler', 'webhook'] as const;
export type ServiceName = (typeof SERVICES)[number];

export interface ClusterOptions {
  /** Where everything is kept; default: a temporary folder that is removed at the end. */
  readonly folder?: string;
  /** Default true: over Redis; otherwise over PostgreSQL. */
  readonly redis?: boolean;
  /** Settings for every service, above those that connect them. */
  readonly env?: Readonly<Record<string, string>>;
  /** Port of the first gateway; default: a free one. */
  readonly port?: number;
}

/** The same for every cluster of tests; nothing that matters is encrypted with it. */
const KEY = Buffer.alloc(32, 7).toString('base64');
const PG_SETTINGS = ['max_connections=300'];

/** What a cluster stands on, on this machine: PostgreSQL, Redis, S3; and its services, each a process. */
export class Cluster {
  readonly folder: string;
  readonly services: ServiceProcess[] = [];
  redis: TestRedis | undefined;
  s3: TestS3 | undefined;
  private postgres: EmbeddedPostgres | undefined;
  private readonly options: ClusterOptions;

  private constructor(folder: string, options: ClusterOptions) {
    this.folder = folder;
    this.options = options;
  }

  /** Starts what the services need, and none of them. */
  static async make(options: ClusterOptions = {}): Promise<Cluster> {
    const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'tiercel-cluster-')));
    const cluster = new Cluster(folder, options);
    try {
      await cluster.startPostgres();
      if (options.redis !== false) cluster.redis = await startRedis({ appendonly: true });
      await cluster.startS3();
      return cluster;
    } catch (error) {
      await cluster.remove();
      throw error;
    }
  }

  async startPostgres(): Promise<void> {
    this.postgres = await startEmbeddedPostgres({
      dataDir: join(this.folder, 'postgres'),
      log: () => undefined,
      settings: PG_SETTINGS,
    });
  }

  async stopPostgres(): Promise<void> {
    await this.postgres?.stop();
    this.postgres = undefined;
  }

  /** On the port that it had before, with the objects that it had. */
  async startS3(): Promise<void> {
    const port = this.s3 === undefined ? await freePort() : Number(new URL(this.s3.endpoint).port);
    this.s3 = await startTestS3({ folder: join(this.folder, 's3'), port });
  }

  postgresPid(): number {
    return this.postgres!.pid();
  }

  get databaseUrl(): string {
    const socket = join(this.folder, 'run');
    return `postgresql://tiercel@localhost/tiercel?host=${encodeURIComponent(this.postgres?.connection.host ?? socket)}`;
  }

  /** The environment of each service. */
  get env(): Readonly<Record<string, string>> {
    const s3 = this.s3!;
    return {
      DATABASE_URL: this.databaseUrl,
      ...(this.redis !== undefined && { REDIS_URL: this.redis.url }),
      S3_ENDPOINT: s3.endpoint,
      S3_REGION: s3.region,
      S3_BUCKET: s3.bucket,
      S3_ACCESS_KEY_ID: s3.accessKeyId,
      S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
      S3_FORCE_PATH_STYLE: 'true',
      TIERCEL_ENCRYPTION_KEY: KEY,
      ...this.options.env,
    };
  }

  /** Starts a service and waits until it is ready. */
  async start(name: ServiceName, env: Readonly<Record<string, string>> = {}): Promise<ServiceProcess> {
    const first = name === 'gateway' && this.of('gateway').length === 0;
    const port = first && this.options.port !== undefined ? this.options.port : await freePort();
    const root = join(this.folder, 'work', String(port));
    await mkdir(root, { recursive: true });
    const own = { PORT: String(port), TIERCEL_WORKER_WORKING_ROOT: root };
    const service = new ServiceProcess(name, port, root, { ...this.env, ...own, ...env });
    this.services.push(service);
    await service.start();
    return service;
  }

  /** Everything, with as many of a service as are asked for. */
  async startAll(count: Partial<Record<ServiceName, number>> = {}): Promise<void> {
    const several = (name: ServiceName): ServiceName[] => Array.from({ length: count[name] ?? 1 }, () => name);
    // The first one makes the tables; the others need not wait for each other.
    await this.start('scheduler');
    const rest = SERVICES.flatMap(several);
    rest.splice(rest.indexOf('scheduler'), 1);
    await Promise.all(rest.map((name) => this.start(name)));
  }

  of(name: ServiceName): readonly ServiceProcess[] {
    return this.services.filter((service) => service.name === name && service.running);
  }

  /** Where the API is. */
  get url(): string {
    const [gateway] = this.of('gateway');
    if (gateway === undefined) throw new Error('no gateway is running');
    return gateway.url;
  }

  /** Stops everything, in an orderly way. */
  async stop(): Promise<void> {
    await Promise.all(this.services.map((service) => service.stop()));
    await this.s3?.close();
    await this.redis?.close();
    await this.stopPostgres();
  }

  /** Ends everything at once and removes it. */
  async remove(): Promise<void> {
    await Promise.all(this.services.map((service) => service.kill()));
    await this.s3?.close();
    await this.redis?.close();
    this.postgres?.abandon();
    await this.postgres?.stop();
    if (this.options.folder === undefined) await rm(this.folder, { recursive: true, force: true });
  }
}

/** One service as a process, which may be killed and started again. */
export class ServiceProcess {
  readonly name: ServiceName;
  readonly port: number;
  readonly url: string;
  /** Folder of a worker's working folders. */
  readonly root: string;
  private readonly env: Readonly<Record<string, string>>;
  private child: ChildProcess | undefined;
  private text = { stdout: '', stderr: '' };

  constructor(name: ServiceName, port: number, root: string, env: Readonly<Record<string, string>>) {
    this.name = name;
    this.port = port;
    this.root = root;
    this.url = `http://127.0.0.1:${port}`;
    this.env = env;
  }

  get pid(): number {
    return this.child!.pid!;
  }

  get running(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** What it has written since its last start. */
  get output(): string {
    return this.text.stdout + this.text.stderr;
  }

  /** Answers the time until it was ready, ms. */
  async start(): Promise<number> {
    const began = performance.now();
    const child = launch(['server', this.name], this.env);
    this.child = child;
    this.text = textOf(child);
    await until(
      `a ready ${this.name}`,
      async () => {
        if (!this.running) throw new Error(`${this.name} ended: ${this.output}`);
        return (await this.ready()) ? true : undefined;
      },
      60_000,
    );
    return performance.now() - began;
  }

  async ready(): Promise<boolean> {
    return fetch(`${this.url}/health/ready`, { signal: AbortSignal.timeout(2_000) }).then(
      (answer) => answer.ok,
      () => false,
    );
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** SIGTERM; answers the exit code. */
  async stop(): Promise<number | null> {
    await this.end('SIGTERM');
    return this.child?.exitCode ?? null;
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (child === undefined || !this.running) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  /** Resident memory, bytes; undefined where the system does not tell. */
  async memory(): Promise<number | undefined> {
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8').catch(() => '');
    const found = /^VmRSS:\s+(\d+) kB/m.exec(status);
    return found === null ? undefined : Number(found[1]) * 1024;
  }
}
