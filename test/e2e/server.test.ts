import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@tiercel/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { alive, LocalServer, tiercel, tiercelRunning, until, type ExecutionShape } from './server.ts';

// Each step starts processes; a busy machine takes its time.
vi.setConfig({ testTimeout: 120_000 });

let folder: string;
const servers: LocalServer[] = [];
const make = async (): Promise<LocalServer> => {
  const server = await LocalServer.make();
  servers.push(server);
  return server;
};
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tiercel-server-'));
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.remove();
  await rm(folder, { recursive: true, force: true });
});

const SLEEP = `id: nap
namespace: company.e2e
tasks:
  - id: nap
    type: io.kestra.plugin.core.flow.Sleep
    duration: PT2S
`;
const ended = (server: LocalServer, id: string): Promise<ExecutionShape> =>
  until('the end of an execution', async () => {
    const execution = await server.json<ExecutionShape>(`/executions/${id}`);
    return execution.state.current === 'SUCCESS' ? execution : undefined;
  });

describe('the life of a server', () => {
  test('stops quickly, ends its database, and goes on where it was', async () => {
    const server = await make();
    await server.deploy(SLEEP);
    await server.run('company.e2e/nap');
    const postgres = await server.postgresPid();
    // A client that keeps its connection open must not hold the stop up.
    await server.call('/configs');
    const stopped = await server.stop();
    expect(alive(postgres)).toBe(false);
    const started = await server.start();
    process.stdout.write(`stopped after ${stopped.toFixed(0)} ms, started again after ${started.toFixed(0)} ms\n`);
    expect(stopped).toBeLessThan(5_000);
    expect(await server.json('/executions?namespace=company.e2e&flowId=nap')).toMatchObject({ total: 1 });
  });

  test('a stop waits for the task that runs', async () => {
    const server = await make();
    await server.deploy(SLEEP);
    const { id } = await server.json<ExecutionShape>('/executions/company.e2e/nap', { method: 'POST' });
    await until('a running task', async () =>
      (await server.json<ExecutionShape>(`/executions/${id}`)).state.current === 'RUNNING' ? true : undefined,
    );
    await server.stop();
    await server.start();
    const execution = await ended(server, id);
    expect(execution.taskRunList).toHaveLength(1);
    expect(execution.taskRunList![0]!.attempts).toHaveLength(1);
  });

  test('killed, it starts again over its living database, and nothing is lost', async () => {
    const server = await make();
    await server.deploy(SLEEP);
    const { id } = await server.json<ExecutionShape>('/executions/company.e2e/nap', { method: 'POST' });
    const postgres = await server.postgresPid();
    await server.kill();
    expect(alive(postgres)).toBe(true);
    await server.start();
    expect(await server.postgresPid()).toBe(postgres);
    await ended(server, id);
    await server.stop();
    expect(alive(postgres)).toBe(false);
  });

  test('a start that is interrupted leaves nothing running', async () => {
    const data = join(folder, 'data');
    const { child, text } = tiercelRunning(['server', 'local', '--port', String(await freePort()), '--data', data]);
    await until('a lock', () => (existsSync(join(data, 'server.pid')) ? true : undefined));
    child.kill('SIGTERM');
    await once(child, 'close');
    expect(text.stdout).not.toContain('ready');
    expect(text.stderr).toBe('The start was interrupted.\n');
    // The next one starts as if nothing had been.
    const next = tiercelRunning(['server', 'local', '--port', String(await freePort()), '--data', data]);
    await until('a ready server', () => (next.text.stdout.includes('ready') ? true : undefined), 60_000);
    next.child.kill('SIGTERM');
    expect(await once(next.child, 'close')).toEqual([0, null]);
  });
});

describe('a start that cannot be', () => {
  const start = (data: string, port: number, ...more: string[]): ReturnType<typeof tiercel> =>
    tiercel(['server', 'local', '--port', String(port), '--data', data, ...more]);
  const oneSentence = (stderr: string): string => {
    expect(stderr.trim().split('\n')).toHaveLength(1);
    return stderr;
  };

  test('a busy port', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, stderr } = await start(join(folder, 'data'), port);
    other.close();
    expect(code).toBe(2);
    expect(oneSentence(stderr)).toContain(`Port ${port} is in use`);
  });

  test('a data folder of another server', async () => {
    const server = await make();
    const { code, stderr } = await start(server.data, await freePort());
    expect(code).toBe(2);
    expect(oneSentence(stderr)).toContain(`(process ${server.pid})`);
  });

  test('a data folder that is a file', async () => {
    const path = join(folder, 'file');
    await writeFile(path, '');
    const { code, stderr } = await start(path, await freePort());
    expect(code).toBe(2);
    expect(oneSentence(stderr)).toContain('is a file, not a folder');
  });

  test.skipIf(userInfo().uid === 0)('a data folder that may not be written', async () => {
    await chmod(folder, 0o500);
    const { code, stderr } = await start(join(folder, 'data'), await freePort());
    await chmod(folder, 0o700);
    expect(code).toBe(2);
    expect(oneSentence(stderr)).toContain('cannot be used');
  });

  test('a broken database', async () => {
    const server = await make();
    await server.stop();
    await writeFile(join(server.data, 'postgres', 'global', 'pg_control'), 'broken');
    const { code, stderr } = await start(server.data, server.port);
    expect(code).toBe(2);
    expect(oneSentence(stderr)).toContain(join(server.data, 'postgres'));
  });

  test('a configuration with a mistake', async () => {
    const config = join(folder, 'config.yaml');
    await writeFile(config, 'server:\n  logLevel: loud\n');
    const { code, stderr } = await start(join(folder, 'data'), await freePort(), '--config', config);
    expect(code).toBe(2);
    expect(stderr).toContain('server.logLevel');
  });
});
