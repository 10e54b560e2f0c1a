import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { until } from '../e2e/server.ts';
import { Cluster } from './cluster.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const LOG = 'io.kestra.plugin.core.log.Log';
const source = (description: string): string =>
  `id: hello\nnamespace: company.team\ndescription: ${description}\ntasks:\n  - id: say\n    type: ${LOG}\n`;

let folder: string;
let cluster: Cluster;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tiercel-shared-'));
  await mkdir(join(folder, 'team'));
  await writeFile(join(folder, 'team', 'hello.yaml'), source('first'));
  await writeFile(join(folder, 'broken.yaml'), source('x').replace('tasks', 'task'));
  cluster = await Cluster.make({
    redis: false,
    env: {
      TIERCEL_GATEWAY_FLOW_PATH: folder,
      // Without it the flow is not valid: each service must know it.
      TIERCEL_SERVER_PLUGIN_DEFAULTS: JSON.stringify([{ type: LOG, values: { message: 'by the server' } }]),
    },
  });
  await cluster.start('scheduler');
  await Promise.all([cluster.start('gateway'), cluster.start('gateway'), cluster.start('executor')]);
});
afterAll(async () => {
  await cluster.remove();
  await rm(folder, { recursive: true, force: true });
});

const revisions = async (url: string): Promise<readonly { revision: number; deleted: boolean }[]> =>
  (await (await fetch(`${url}/api/v1/flows/company.team/hello/revisions`)).json()) as {
    revision: number;
    deleted: boolean;
  }[];

describe('two gateways with one folder', () => {
  test('load it together, follow it, and write each change once', async () => {
    const [one, other] = cluster.of('gateway');
    expect(await revisions(one!.url)).toHaveLength(1);
    for (const gateway of [one!, other!])
      expect(gateway.output).toMatch(
        /"file":"[^"]*broken\.yaml","line":4,"column":1,"msg":"[^"]*broken\.yaml:4:1: Unrecognized/,
      );
    await writeFile(join(folder, 'team', 'hello.yaml'), source('second'));
    await until('the second revision', async () => ((await revisions(other!.url)).length === 2 ? true : undefined));
    await one!.stop();
    await writeFile(join(folder, 'team', 'hello.yaml'), source('third'));
    await until('the third revision', async () => ((await revisions(other!.url)).length === 3 ? true : undefined));
    await one!.start();
    expect(await revisions(one!.url)).toHaveLength(3);
  });

  test('the plugin defaults of the server hold where the flow is executed', async () => {
    const url = `${cluster.url}/api/v1/executions/company.team/hello?wait=true`;
    const execution = (await (await fetch(url, { method: 'POST' })).json()) as { id: string; state: object };
    expect(execution.state).toMatchObject({ current: 'SUCCESS' });
    const logs = await (await fetch(`${cluster.url}/api/v1/logs/${execution.id}`)).json();
    expect(logs).toContainEqual(expect.objectContaining({ message: 'by the server' }));
  });

  test('delete the flow of a removed file once', async () => {
    await rm(join(folder, 'team'), { recursive: true });
    await until('the deletion', async () => ((await revisions(cluster.url)).at(-1)?.deleted ? true : undefined));
    expect(await revisions(cluster.url)).toHaveLength(4);
  });
});
