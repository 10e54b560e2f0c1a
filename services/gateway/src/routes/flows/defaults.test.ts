import { readConfiguredDefaults } from '@tiercel/flow-source';
import { testRegistry } from '@tiercel/flow-source/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTestDoors, type TestDoors } from '../../testing/doors.ts';
import { requestsTo } from '../../testing/requests.ts';

const LOG = 'io.kestra.plugin.core.log.Log';
const SOURCE = `id: a\nnamespace: company.team\ntasks:\n  - id: t\n    type: ${LOG}\n`;

let doors: TestDoors;
beforeEach(async () => {
  const pluginDefaults = [{ type: LOG, values: { message: 'from the server' } }];
  const namespaceDefaults = { company: [{ type: LOG, values: { level: 'WARN' } }] };
  const { defaults } = readConfiguredDefaults({ pluginDefaults, namespaceDefaults }, testRegistry);
  doors = await startTestDoors({}, defaults);
});
afterEach(() => doors.stop());
const { get, send, upload } = requestsTo(() => doors);

describe('plugin defaults of the server', () => {
  it('give a flow what it does not say, and do not show in it', async () => {
    const created = await send('POST', '/flows', SOURCE);
    expect(created).toMatchObject({ status: 200, body: { source: SOURCE } });
    expect(created.body.tasks).toEqual([{ id: 't', type: LOG }]);
    expect((await get('/flows/company.team/a')).body.tasks).toEqual([{ id: 't', type: LOG }]);
    expect((await send('POST', '/flows/validate', SOURCE)).body[0].constraints).toBeUndefined();
    expect((await send('POST', '/flows/company.team?delete=false', SOURCE)).status).toBe(200);
    expect((await upload('/flows/import', 'f.yaml', SOURCE)).body).toEqual([]);
  });

  it('hold for a task on its own', async () => {
    const task = `id: t\ntype: ${LOG}\n`;
    expect((await send('POST', '/flows/validate/task', task)).body.constraints).toBeUndefined();
  });
});
