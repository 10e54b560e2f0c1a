import type { Flow, FlowRef } from '@tiercel/model';
import type { PluginRegistry } from '@tiercel/plugin-kit';
import type { Bus } from '@tiercel/queue';
import type { FlowStore, StoredFlow } from '@tiercel/store';
import { parseFlow, type ParseOptions } from './parse-flow.ts';
import type { Problem } from './problem.ts';
import { createWeightedLru, type WeightedLru } from './weighted-lru.ts';

/** A revision of a flow as stored, with what its source means. Without `flow` it is invalid: visible, not executable. */
export interface CachedFlow {
  readonly stored: StoredFlow;
  readonly flow?: Flow;
  /** The flow without plugin defaults, as people see it. */
  readonly written?: Flow;
  /** Why it is invalid; empty otherwise. */
  readonly problems: readonly Problem[];
}

/**
 * Compiled flows by revision, and which revision is the latest. Another process's write is seen at once when the bus tells of it, and
 * within two seconds otherwise. Deleted flows count as absent, unless a revision is named.
 */
export interface FlowCache {
  /** What is in memory and known to be fresh; the latest revision when none is named. */
  peek(tenant: string, namespace: string, id: string, revision?: number): CachedFlow | undefined;
  /** Loads what is not in memory; concurrent loads of one flow are one. Undefined when there is no such flow. Throws what the store throws. */
  get(tenant: string, namespace: string, id: string, revision?: number): Promise<CachedFlow | undefined>;
  /** What a stored revision means, from memory when it was seen lately. */
  compile(stored: StoredFlow): CachedFlow;
  /** Says that this process wrote a flow: the next look goes to the store. */
  changed(flow: FlowRef): void;
  /** Begins to poll for changes; without it, every look at a latest revision that is older than the interval asks first. */
  start(): void;
  stop(): void;
}

/** Runs a function again and again; answers how to stop that. */
export type Repeat = (run: () => void, everyMs: number) => () => void;

export interface FlowCacheOptions {
  readonly flows: Pick<FlowStore, 'get' | 'changedSince'>;
  readonly bus: Pick<Bus, 'subscribe'>;
  readonly registry: PluginRegistry;
  /** Plugin defaults of namespaces and of the server. */
  readonly defaults?: ParseOptions['defaults'];
  /** ms; only differences count. */
  readonly now: () => number;
  /** Default: the platform's interval, which keeps no process alive. */
  readonly repeat?: Repeat;
  /** How old knowledge of the latest revision may get, ms. */
  readonly pollMs?: number;
  readonly maxEntries?: number;
  /** Bound on the sources of all flows in memory together, in characters. */
  readonly maxCharacters?: number;
  /** Told when a poll failed; the next one tries again. */
  readonly onError?: (error: unknown) => void;
}

/** Rows asked for at a time. */
const PAGE = 200;

const everyInterval: Repeat = (run, everyMs) => {
  const timer = setInterval(run, everyMs);
  timer.unref();
  return () => clearInterval(timer);
};

export const createFlowCache = (options: FlowCacheOptions): FlowCache => new StoredFlowCache(options);

const flowKey = (tenant: string, namespace: string, id: string): string => `${tenant}/${namespace}/${id}`;

interface Load {
  readonly promise: Promise<CachedFlow | undefined>;
  /** The flow changed while it was loaded: the result is not kept as the latest. */
  stale: boolean;
}

class StoredFlowCache implements FlowCache {
  private readonly options: FlowCacheOptions;
  private readonly pollMs: number;
  private readonly revisions: WeightedLru<CachedFlow>;
  /** The latest revision of flows that were asked for without one: its key, and its number in the order of writes. */
  private readonly latest = new Map<string, { readonly key: string; readonly sequence: number }>();
  private readonly loads = new Map<string, Load>();
  /** All writes up to this number are known. It begins with the first flow that is loaded: later writes have higher numbers. */
  private cursor: number | undefined;
  private checkedAt = -Infinity;
  private checking: Promise<void> | undefined;
  private ends: readonly (() => void)[] = [];

  constructor(options: FlowCacheOptions) {
    this.options = options;
    this.pollMs = options.pollMs ?? 2000;
    this.revisions = createWeightedLru(options.maxEntries ?? 2000, options.maxCharacters ?? 64 * 1024 * 1024);
  }

  peek(tenant: string, namespace: string, id: string, revision?: number): CachedFlow | undefined {
    const flow = flowKey(tenant, namespace, id);
    if (revision !== undefined) return this.revisions.get(`${flow}@${revision}`);
    return this.isFresh() ? this.peekLatest(flow) : undefined;
  }

  async get(tenant: string, namespace: string, id: string, revision?: number): Promise<CachedFlow | undefined> {
    const { flows } = this.options;
    const flow = flowKey(tenant, namespace, id);
    if (revision !== undefined) {
      const key = `${flow}@${revision}`;
      return this.revisions.get(key) ?? this.load(key, () => flows.get(tenant, namespace, id, { revision }), false);
    }
    if (!this.isFresh()) await this.check();
    return this.peekLatest(flow) ?? this.load(flow, () => flows.get(tenant, namespace, id), true);
  }

  compile(stored: StoredFlow): CachedFlow {
    const key = `${flowKey(stored.tenant, stored.namespace, stored.id)}@${stored.revision}`;
    const known = this.revisions.get(key);
    if (known !== undefined) return known;
    const { flow, written, problems } = parseFlow(stored.source, {
      registry: this.options.registry,
      tenant: stored.tenant,
      revision: stored.revision,
      // A text that cannot be rendered fails where it is rendered.
      stored: true,
      ...(this.options.defaults === undefined ? {} : { defaults: this.options.defaults }),
    });
    const cached: CachedFlow =
      flow === undefined ? { stored, problems } : { stored, flow, written: written ?? flow, problems };
    this.revisions.set(key, cached, stored.source.length + 1000);
    return cached;
  }

  changed({ tenant, namespace, id }: FlowRef): void {
    this.forget(flowKey(tenant, namespace, id));
  }

  start(): void {
    if (this.ends.length > 0) return;
    const { bus, repeat = everyInterval, onError } = this.options;
    const poll = (): void => {
      this.check().catch((error: unknown) => onError?.(error));
    };
    this.ends = [
      repeat(poll, this.pollMs),
      bus.subscribe('flow', ({ tenant, namespace, flowId }) => this.forget(flowKey(tenant, namespace, flowId))),
    ];
    poll();
  }

  stop(): void {
    for (const end of this.ends) end();
    this.ends = [];
  }

  private peekLatest(flow: string): CachedFlow | undefined {
    const entry = this.latest.get(flow);
    return entry === undefined ? undefined : this.revisions.get(entry.key);
  }

  /** While polling, a check may be under way or a little late: twice the interval is when something is wrong. */
  private isFresh(): boolean {
    const age = this.options.now() - this.checkedAt;
    return age < (this.ends.length > 0 ? 2 * this.pollMs : this.pollMs);
  }

  /** Loads a flow or joins a load that is under way. `key`: that of the flow, or of the revision that was named. */
  private load(
    key: string,
    read: () => Promise<StoredFlow | undefined>,
    isLatest: boolean,
  ): Promise<CachedFlow | undefined> {
    const under = this.loads.get(key);
    if (under !== undefined) return under.promise;
    const run = async (): Promise<CachedFlow | undefined> => {
      try {
        const stored = await read();
        if (stored === undefined) return undefined;
        const cached = this.compile(stored);
        if (isLatest && !load.stale) this.remember(key, stored);
        return cached;
      } finally {
        if (this.loads.get(key) === load) this.loads.delete(key);
      }
    };
    const load: Load = { stale: false, promise: Promise.resolve().then(run) };
    this.loads.set(key, load);
    return load.promise;
  }

  private remember(flow: string, stored: StoredFlow): void {
    this.cursor ??= stored.sequence;
    this.latest.set(flow, { key: `${flow}@${stored.revision}`, sequence: stored.sequence });
    // Keys without their revision in memory are of no use; the map must not outgrow the bounded one.
    if (this.latest.size <= 2 * this.revisions.size + 1000) return;
    for (const [name, { key }] of this.latest) if (this.revisions.get(key) === undefined) this.latest.delete(name);
  }

  private forget(flow: string): void {
    this.latest.delete(flow);
    const load = this.loads.get(flow);
    if (load !== undefined) load.stale = true;
    this.loads.delete(flow);
  }

  /** Asks the store what changed. One check at a time; who comes meanwhile waits for it. */
  private check(): Promise<void> {
    this.checking ??= this.readAllChanges().finally(() => {
      this.checking = undefined;
    });
    return this.checking;
  }

  private async readAllChanges(): Promise<void> {
    const startedAt = this.options.now();
    // Nothing was loaded yet: nothing can be old.
    for (let more = this.cursor !== undefined; more;) more = await this.readChanges(this.cursor ?? 0);
    this.checkedAt = startedAt;
  }

  /** Reads one page of writes; answers whether there may be more. */
  private async readChanges(from: number): Promise<boolean> {
    const rows = await this.options.flows.changedSince(from, PAGE);
    for (const row of rows) {
      const flow = flowKey(row.tenant, row.namespace, row.id);
      if ((this.latest.get(flow)?.sequence ?? -1) < row.sequence) this.forget(flow);
      this.cursor = Math.max(this.cursor ?? 0, row.sequence);
    }
    return rows.length === PAGE;
  }
}
