import type { Bus } from '@tiercel/queue';
import { describe, expect, it } from 'vitest';
import { createFlowCache, type FlowCache } from './flow-cache.ts';
import { createMemoryFlowStore, flowWrite, type MemoryFlowStore } from './testing/flow-store.ts';
import { testRegistry } from './testing/registry.ts';

interface Bench {
  readonly cache: FlowCache;
  readonly flows: MemoryFlowStore;
  readonly errors: unknown[];
  /** Lets time pass and runs the poll. */
  tick(ms: number): Promise<void>;
  tell(flowId: string): void;
  advance(ms: number): void;
}

function bench(options: { maxEntries?: number } = {}): Bench {
  const flows = createMemoryFlowStore();
  const errors: unknown[] = [];
  let time = 0;
  let poll: (() => void) | undefined;
  let listener: ((event: { tenant: string; namespace: string; flowId: string }) => void) | undefined;
  const subscribe = ((_topic: string, handler: typeof listener) => {
    listener = handler;
    return () => {
      listener = undefined;
    };
  }) as unknown as Bus['subscribe'];
  const cache = createFlowCache({
    flows,
    bus: { subscribe },
    registry: testRegistry,
    now: () => time,
    repeat: (run) => {
      poll = run;
      return () => {
        poll = undefined;
      };
    },
    onError: (error) => errors.push(error),
    ...options,
  });
  return {
    cache,
    flows,
    errors,
    async tick(ms) {
      time += ms;
      poll?.();
      // The poll is one read of a memory store: a few turns of the loop.
      await new Promise((resolve) => setImmediate(resolve));
    },
    advance: (ms) => {
      time += ms;
    },
    tell: (flowId) => listener?.({ tenant: 'main', namespace: 'company.team', flowId }),
  };
}

const revisionOf = async (cache: FlowCache, id = 'a'): Promise<number | undefined> =>
  (await cache.get('main', 'company.team', id))?.stored.revision;

describe('flow cache', () => {
  it('reads a flow once and answers from memory afterwards', async () => {
    const { cache, flows, tick } = bench();
    await flows.create(flowWrite('a'));
    cache.start();
    await tick(0);
    const first = await cache.get('main', 'company.team', 'a');
    expect(first?.flow).toMatchObject({ id: 'a', revision: 1, tenant: 'main' });
    expect(cache.peek('main', 'company.team', 'a')).toBe(first);
    expect(await cache.get('main', 'company.team', 'a', 1)).toBe(first);
    expect(flows.reads).toBe(1);
  });

  it('asks the store each time for a flow that does not exist', async () => {
    const { cache, flows } = bench();
    expect(await revisionOf(cache)).toBeUndefined();
    await flows.create(flowWrite('a'));
    expect(await revisionOf(cache)).toBe(1);
  });

  it('sees a write of another process with the next poll', async () => {
    const { cache, flows, tick } = bench();
    await flows.create(flowWrite('a'));
    cache.start();
    await tick(0);
    expect(await revisionOf(cache)).toBe(1);
    await flows.update(flowWrite('a', 'description: new'));
    expect(await revisionOf(cache)).toBe(1);
    await tick(2000);
    expect(await revisionOf(cache)).toBe(2);
    expect((await cache.get('main', 'company.team', 'a', 1))?.stored.revision).toBe(1);
  });

  it('sees more writes than fit one page', async () => {
    const { cache, flows, tick } = bench();
    await flows.create(flowWrite('a'));
    cache.start();
    await tick(0);
    await revisionOf(cache);
    for (let i = 0; i < 600; i++) await flows.create(flowWrite(`other${i}`));
    await flows.update(flowWrite('a', 'description: new'));
    await tick(2000);
    await tick(0);
    expect(await revisionOf(cache)).toBe(2);
  });

  it('sees it at once when the bus tells', async () => {
    const { cache, flows, tick, tell } = bench();
    await flows.create(flowWrite('a'));
    cache.start();
    await tick(0);
    await revisionOf(cache);
    await flows.update(flowWrite('a', 'description: new'));
    tell('a');
    expect(await revisionOf(cache)).toBe(2);
    await flows.delete('main', 'company.team', 'a');
    tell('a');
    expect(await revisionOf(cache)).toBeUndefined();
  });

  it('checks before it answers when it does not poll and its knowledge is old', async () => {
    const { cache, flows, advance } = bench();
    await flows.create(flowWrite('a'));
    await revisionOf(cache);
    await flows.update(flowWrite('a', 'description: new'));
    advance(1999);
    expect(await revisionOf(cache)).toBe(1);
    advance(1);
    expect(cache.peek('main', 'company.team', 'a')).toBeUndefined();
    expect(await revisionOf(cache)).toBe(2);
  });

  it('joins concurrent loads', async () => {
    const { cache, flows } = bench();
    await flows.create(flowWrite('a'));
    const all = await Promise.all(Array.from({ length: 50 }, () => cache.get('main', 'company.team', 'a')));
    expect(new Set(all).size).toBe(1);
    expect(flows.reads).toBe(1);
  });

  it('does not keep as the latest what changed while it was loaded', async () => {
    const { cache, flows, tell, tick } = bench();
    await flows.create(flowWrite('a'));
    cache.start();
    await tick(0);
    let open!: () => void;
    flows.gate = new Promise((resolve) => {
      open = resolve;
    });
    const old = revisionOf(cache);
    await new Promise((resolve) => setImmediate(resolve));
    await flows.update(flowWrite('a', 'description: new'));
    tell('a');
    const fresh = revisionOf(cache);
    open();
    expect([await old, await fresh, await revisionOf(cache)]).toEqual([1, 2, 2]);
  });

  it('keeps an invalid flow as such', async () => {
    const { cache, flows } = bench();
    await flows.create({ ...flowWrite('a'), source: 'id: a\nnamespace: company.team\ntasks: nothing' });
    const cached = await cache.get('main', 'company.team', 'a');
    expect(cached?.flow).toBeUndefined();
    expect(cached?.problems[0]?.path).toBe('tasks');
  });

  it('is bounded', async () => {
    const { cache, flows } = bench({ maxEntries: 2 });
    for (const id of ['a', 'b', 'c']) await flows.create(flowWrite(id));
    for (const id of ['a', 'b', 'c', 'a']) expect(await revisionOf(cache, id)).toBe(1);
    expect(flows.reads).toBe(4);
  });

  it('reports failed polls and goes on when the store is back', async () => {
    const { cache, flows, tick, errors } = bench();
    await flows.create(flowWrite('a'));
    cache.start();
    await tick(0);
    await revisionOf(cache);
    flows.failing = true;
    await tick(5000);
    expect(errors).toHaveLength(1);
    await expect(revisionOf(cache)).rejects.toThrow('no store');
    flows.failing = false;
    expect(await revisionOf(cache)).toBe(1);
    cache.stop();
  });
});
