import { EventEmitter, once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { createHealth } from './health.ts';
import { silentLogger } from './logger.ts';
import { createService, type Host, type ServiceOptions } from './service.ts';

class FakeProcess extends EventEmitter implements Host {
  readonly codes: number[] = [];
  exit(code: number): void {
    this.codes.push(code);
    this.emit('exited');
  }
}

const setUp = (options: Partial<ServiceOptions> = {}) => {
  const host = new FakeProcess();
  const steps: string[] = [];
  const service = createService({
    name: 'test',
    logger: silentLogger(),
    host,
    start: ({ defer }) => {
      defer('store', () => void steps.push('store'));
      defer('queue', () => void steps.push('queue'));
    },
    stop: () => void steps.push('drain'),
    ...options,
  });
  return { host, steps, service };
};

describe('a service', () => {
  it('drains at a signal, then stops its parts in the reverse order, and ends with 0', async () => {
    const health = createHealth();
    const { host, steps, service } = setUp({ health });
    await service.run();
    host.emit('SIGTERM');
    await once(host, 'exited');
    expect(steps).toEqual(['drain', 'queue', 'store']);
    expect(host.codes).toEqual([0]);
    expect((await health.ready()).checks).toHaveProperty('draining');
    expect((await health.live()).status).toBe('UP');
  });

  it('ends at once at a second signal', async () => {
    const { host, service } = setUp({ stop: () => new Promise(() => {}) });
    await service.run();
    host.emit('SIGINT');
    host.emit('SIGTERM');
    expect(host.codes).toEqual([1]);
  });

  it('ends with 1 when the stop takes too long', async () => {
    vi.useFakeTimers();
    try {
      const { host, service } = setUp({ stop: () => new Promise(() => {}), timeLimit: 5000 });
      await service.run();
      host.emit('SIGTERM');
      await vi.advanceTimersByTimeAsync(5000);
      expect(host.codes).toEqual([1]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('stops the other parts when one fails to stop', async () => {
    const { steps, service } = setUp({
      stop: () => {
        throw new Error('stuck');
      },
    });
    await service.start();
    expect(await service.stop()).toBe(false);
    expect(steps).toEqual(['queue', 'store']);
    expect(await service.stop()).toBe(false);
  });

  it('stops what was started when the start fails half-way', async () => {
    const steps: string[] = [];
    const { host, service } = setUp({
      start: ({ defer }) => {
        defer('store', () => void steps.push('store'));
        throw new Error('no queue');
      },
    });
    await service.run();
    expect(steps).toEqual(['store']);
    expect(host.codes).toEqual([1]);
    expect(host.listenerCount('SIGTERM')).toBe(0);
  });
});
