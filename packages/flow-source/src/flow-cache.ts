import type { Flow, FlowRef } from '@tiercel/model';
import type { PluginRegistry } from '@tiercel/plugin-kit';
import type { Bus } from '@tiercel/queue';
import type { FlowStore, StoredFlow } from '@tiercel/store';
import { parseFlow } from './parse-flow.ts';
import type { Problem } from './problem.ts';
import { createWeightedLru } from './weighted-lru.ts';

/** A revision of a flow as stored, with what its source means. Without `flow` it is invalid: visible, not executable. */
export interface CachedFlow {
  readonly stored: StoredFlow;
  readonly flow?: Flow;
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
/** Writes that commit out of order can be this many numbers late. */
const OVERLAP = 32;

const everyInterval: Repeat = (run, everyMs) => {
  const timer = setInterval(run, everyMs);
  timer.unref();
  return () => clearInterval(timer);
};

const refKey = (tenant: string, namespace: string, id: string): string => `${tenant}/${namespace}/${id}`;

interface Load {
  readonly promise: Promise<CachedFlow | undefined>;
  /** The flow changed while it was loaded: the result is not kept as the latest. */
  stale: boolean;
}

export function createFlowCache(options: FlowCacheOptions): FlowCache {
  const { flows, bus, registry, now, repeat = everyInterval, pollMs = 2000, onError } = options;
  const revisions = createWeightedLru<CachedFlow>(
    options.maxEntries ?? 2000,
    options.maxCharacters ?? 64 * 1024 * 1024,
  );
  /** Key of the latest revision of flows that were asked for without one, with its number in the order of writes. */
  const latest = new Map<string, { readonly key: string; readonly sequence: number }>();
  const loads = new Map<string, Load>();
  /** All writes up to this number are known. It begins with the first flow that is loaded: later writes have higher numbers. */
  let cursor: number | undefined;
  let checkedAt = -Infinity;
  let checking: Promise<void> | undefined;
  let ends: (() => void)[] = [];

  const forget = (flow: string): void => {
    latest.delete(flow);
    const load = loads.get(flow);
    if (load !== undefined) load.stale = true;
    loads.delete(flow);
  };

  const compile = (stored: StoredFlow): CachedFlow => {
    const key = `${refKey(stored.tenant, stored.namespace, stored.id)}@${stored.revision}`;
    const known = revisions.get(key);
    if (known !== undefined) return known;
    const { flow, problems } = parseFlow(stored.source, {
      registry,
      tenant: stored.tenant,
      revision: stored.revision,
      expressionErrors: 'warning',
    });
    const cached: CachedFlow = flow === undefined ? { stored, problems } : { stored, flow, problems };
    revisions.set(key, cached, stored.source.length + 1000);
    return cached;
  };

  const remember = (flow: string, stored: StoredFlow): void => {
    cursor ??= stored.sequence;
    const key = `${flow}@${stored.revision}`;
    latest.set(flow, { key, sequence: stored.sequence });
    // Keys without their revision in memory are of no use; the map must not outgrow the bounded one.
    if (latest.size > 2 * revisions.size + 1000)
      for (const [name, entry] of latest) if (revisions.get(entry.key) === undefined) latest.delete(name);
  };

  /** Reads one page of writes after `from`; answers the last number and whether there may be more. */
  const readChanges = async (from: number): Promise<{ readonly last: number; readonly more: boolean }> => {
    const rows = await flows.changedSince(Math.max(0, from - OVERLAP), PAGE + OVERLAP);
    let last = from;
    for (const row of rows) {
      const flow = refKey(row.tenant, row.namespace, row.id);
      if ((latest.get(flow)?.sequence ?? -1) < row.sequence) forget(flow);
      last = Math.max(last, row.sequence);
    }
    return { last, more: last > from && rows.length === PAGE + OVERLAP };
  };

  const check = async (): Promise<void> => {
    const startedAt = now();
    for (let more = cursor !== undefined; more;) {
      const page = await readChanges(cursor ?? 0);
      cursor = page.last;
      ({ more } = page);
    }
    checkedAt = startedAt;
  };

  /** One check at a time; who comes meanwhile waits for it. */
  const checkOnce = (): Promise<void> => {
    checking ??= check().finally(() => {
      checking = undefined;
    });
    return checking;
  };

  // While polling, a check may be under way or a little late: twice the interval is when something is wrong.
  const isFresh = (): boolean => now() - checkedAt < (ends.length > 0 ? 2 * pollMs : pollMs);

  const peekLatest = (flow: string): CachedFlow | undefined => {
    const entry = latest.get(flow);
    return entry === undefined ? undefined : revisions.get(entry.key);
  };

  const load = (
    flow: string,
    read: () => Promise<StoredFlow | undefined>,
    isLatest: boolean,
  ): Promise<CachedFlow | undefined> => {
    const under = loads.get(flow);
    if (under !== undefined) return under.promise;
    const run = async (): Promise<CachedFlow | undefined> => {
      try {
        const stored = await read();
        if (stored === undefined) return undefined;
        const cached = compile(stored);
        if (isLatest && !entry.stale) remember(flow, stored);
        return cached;
      } finally {
        if (loads.get(flow) === entry) loads.delete(flow);
      }
    };
    const entry: Load = { stale: false, promise: Promise.resolve().then(run) };
    loads.set(flow, entry);
    return entry.promise;
  };

  return {
    peek(tenant, namespace, id, revision) {
      const flow = refKey(tenant, namespace, id);
      if (revision !== undefined) return revisions.get(`${flow}@${revision}`);
      return isFresh() ? peekLatest(flow) : undefined;
    },
    async get(tenant, namespace, id, revision) {
      const flow = refKey(tenant, namespace, id);
      if (revision !== undefined) {
        const key = `${flow}@${revision}`;
        return revisions.get(key) ?? load(key, () => flows.get(tenant, namespace, id, { revision }), false);
      }
      if (!isFresh()) await checkOnce();
      return peekLatest(flow) ?? load(flow, () => flows.get(tenant, namespace, id), true);
    },
    compile,
    changed: ({ tenant, namespace, id }) => forget(refKey(tenant, namespace, id)),
    start() {
      if (ends.length > 0) return;
      const poll = (): void => {
        checkOnce().catch((error: unknown) => onError?.(error));
      };
      ends = [
        repeat(poll, pollMs),
        bus.subscribe('flow', ({ tenant, namespace, flowId }) => forget(refKey(tenant, namespace, flowId))),
      ];
      poll();
    },
    stop() {
      for (const end of ends) end();
      ends = [];
    },
  };
}
