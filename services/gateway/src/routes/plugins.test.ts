import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtInRegistry } from '@tiercel/platform';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { pluginRoutes } from './plugins.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ doors: [pluginRoutes({ registry: builtInRegistry() })] });
});
afterAll(() => gateway.stop());

const get = async (path: string): Promise<any> => {
  const answer = await gateway.api(path);
  return { status: answer.status, cache: answer.headers.get('cache-control'), body: await answer.json() };
};

const RETURN = 'io.kestra.plugin.core.debug.Return';

describe('plugins', () => {
  it('lists plugins with their types and older names', async () => {
    const { body } = await get('/plugins');
    const core = body.find(({ name }: any) => name === 'core');
    expect(core.tasks).toContain(RETURN);
    expect(core.triggers).toContain('io.kestra.plugin.core.trigger.Webhook');
    expect(core.taskRunners).toEqual(['io.kestra.plugin.core.runner.Process']);
    expect(core.aliases).toContain('io.kestra.core.tasks.debugs.Return');
    expect(core).toMatchObject({ categories: ['CORE'], manifest: { 'X-Kestra-Group': 'io.kestra.plugin.core' } });
    expect(body.map(({ name }: any) => name)).toContain('plugin-script-shell');
  });

  it('lists each group of types after its plugin', async () => {
    const { body } = await get('/plugins/groups/subgroups');
    expect(body[0]).toMatchObject({ name: 'core' });
    expect(body[0].subGroup).toBeUndefined();
    const debug = body.find(({ subGroup }: any) => subGroup === 'io.kestra.plugin.core.debug');
    expect(debug).toMatchObject({ name: 'core', title: 'debug', triggers: [] });
    expect(debug.tasks).toEqual(['io.kestra.plugin.core.debug.Echo', RETURN]);
  });

  it('describes a type, by every name of it', async () => {
    const { body, cache } = await get(`/plugins/${RETURN}`);
    expect(cache).toBe('public, max-age=3600');
    expect(body.schema.properties.properties).toEqual({
      format: {
        type: 'string',
        title: 'Text to render; the result is the output `value`.',
        $dynamic: true,
        $required: false,
      },
    });
    expect(body.schema.outputs.properties.value).toMatchObject({ type: 'string', $required: false });
    expect(body.schema.properties.$metrics.map(({ name }: any) => name)).toEqual(['length', 'duration']);
    expect(body.schema.properties.$examples[0]).toMatchObject({ full: true, lang: 'yaml' });
    expect(body.markdown).toContain(`type: ${RETURN}`);
    expect((await get('/plugins/io.kestra.core.tasks.debugs.Return')).body).toEqual(body);
  });

  it('adds what all tasks have when it is asked for', async () => {
    const { body } = await get(`/plugins/${RETURN}?all=true`);
    expect(Object.keys(body.schema.properties.properties)).toEqual(
      expect.arrayContaining(['id', 'type', 'retry', 'timeout', 'runIf', 'format']),
    );
    expect(body.schema.properties.required).toEqual(['id', 'type']);
  });

  it('says which class, input or kind it does not know', async () => {
    expect(await get('/plugins/io.kestra.Nothing')).toMatchObject({
      status: 404,
      body: { message: "Not Found: Class 'io.kestra.Nothing' doesn't exists " },
    });
    for (const path of ['/plugins/schemas/nosuchkind', '/plugins/schemas/apps', '/plugins/inputs/NOPE']) {
      expect((await get(path)).status).toBe(422);
    }
  });

  it('has pictures for types, their older names, and groups', async () => {
    const { body } = await get('/plugins/icons');
    expect(body[RETURN]).toMatchObject({ name: 'Return', flowable: false });
    expect(body['io.kestra.core.tasks.debugs.Return'].icon).toBe(body[RETURN].icon);
    expect(body['io.kestra.plugin.core.flow.If'].flowable).toBe(true);
    expect(Buffer.from(body[RETURN].icon, 'base64').toString()).toMatch(/^<svg .*<\/svg>$/);
    const groups = (await get('/plugins/icons/groups')).body;
    expect(groups['io.kestra.plugin.core.http'].icon).not.toBe(groups['io.kestra.plugin.core.kv'].icon);
  });

  it('gives the schema of the whole language', async () => {
    const { body } = await get('/plugins/schemas/flow');
    expect(body).toMatchObject({ $ref: '#/definitions/io.kestra.core.models.flows.Flow' });
    const refs = [...JSON.stringify(body).matchAll(/"\$ref":"#\/definitions\/([^"]+)"/g)].map(([, name]) => name!);
    expect([...new Set(refs)].filter((name) => body.definitions[name] === undefined)).toEqual([]);
    const log = body.definitions['io.kestra.plugin.core.log.Log'];
    expect(log.properties.type).toEqual({ const: 'io.kestra.plugin.core.log.Log' });
    expect(log.required).toEqual(['id', 'type', 'message']);
    const list = (await get('/plugins/schemas/task?arrayOf=true')).body;
    expect(list).toMatchObject({ type: 'array', items: { $ref: '#/definitions/io.kestra.core.models.tasks.Task' } });
  });

  it('describes types of inputs', async () => {
    const all = (await get('/plugins/inputs')).body;
    expect(all).toHaveLength(18);
    expect(all[0]).toEqual({ type: 'STRING', cls: 'io.kestra.core.models.flows.input.StringInput' });
    const { body } = await get('/plugins/inputs/STRING');
    expect(Object.keys(body.schema.properties)).toEqual(['$schema', 'properties', 'required']);
    expect(body.schema.properties.properties.validator).toMatchObject({ type: 'string' });
    expect(body.markdown).toContain('validator');
  });
});
