import { afterEach, describe, expect, it } from 'vitest';
import { createHealth, type Health } from './health.ts';
import { opsHandler, startOpsServer, type OpsServer } from './http.ts';
import { createMetrics } from './metrics.ts';

let server: OpsServer | undefined;
afterEach(() => server?.stop());

const start = async (health: Health) => {
  const metrics = createMetrics('worker', { process: false });
  metrics.counter('tasks_total', 'Tasks', ['state']).inc({ state: 'SUCCESS' }, 3);
  metrics.gauge('queue_waiting', 'Waiting', [], () => 7);
  server = await startOpsServer(opsHandler({ health, metrics }), 0, '127.0.0.1');
  return (path: string): Promise<Response> => fetch(`http://127.0.0.1:${server!.port}${path}`);
};

describe('health and metrics', () => {
  it('are ready when every check answers', async () => {
    const health = createHealth();
    health.addReady('store', async () => {});
    const get = await start(health);
    const response = await get('/health/ready');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: 'UP', checks: { store: { status: 'UP' } } });
  });

  it('name the check that fails, also one that never answers', async () => {
    const health = createHealth({ timeLimit: 10 });
    health.addReady('store', () => {
      throw new Error('connection refused');
    });
    const remove = health.addReady('queue', () => new Promise(() => {}));
    const get = await start(health);
    const response = await get('/health/ready');
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      checks: { store: { reason: 'connection refused' }, queue: { reason: 'no answer within 10 ms' } },
    });
    expect((await get('/health/live')).status).toBe(200);
    remove();
    expect((await health.ready()).checks).not.toHaveProperty('queue');
  });

  it('speak the format of Prometheus', async () => {
    const get = await start(createHealth());
    const text = await (await get('/metrics')).text();
    expect(text).toContain('tiercel_tasks_total{state="SUCCESS",service="worker"} 3');
    expect(text).toContain('tiercel_queue_waiting{service="worker"} 7');
    expect((await get('/other')).status).toBe(404);
  });
});
