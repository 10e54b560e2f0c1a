import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTestDoors, type TestDoors } from '../testing/doors.ts';

let doors: TestDoors;
beforeEach(async () => {
  doors = await startTestDoors();
});
afterEach(() => doors.stop());

const HOOK = 'triggers:\n  - {id: hook, type: io.kestra.plugin.core.trigger.Webhook, key: "a key/1"}\n';
const call = (query = '', init: RequestInit = {}, key = 'a%20key%2F1', flowId = 'f'): Promise<Response> =>
  doors.api(`/executions/webhook/company.team/${flowId}/${key}${query}`, init);
const JSON_POST = (body: string, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  body,
  headers: { 'content-type': 'application/json', ...headers },
});

describe('webhook', () => {
  it('answers the execution as first created, without a page', async () => {
    await doors.save('f', HOOK);
    const answer = await call('?name=john&age=12&age=13', JSON_POST('{"a": 1}', { 'x-own': 'yes' }));
    const body = (await answer.json()) as Record<string, unknown>;
    expect(answer.status).toBe(200);
    expect(body).toMatchObject({
      flowId: 'f',
      state: { current: 'CREATED' },
      trigger: {
        id: 'hook',
        variables: { body: { a: 1 }, parameters: { name: ['john'], age: ['12', '13'] }, headers: { 'x-own': ['yes'] } },
      },
    });
    expect(body['url']).toBeUndefined();
    expect(body['labels']).toBeUndefined();
    expect(doors.hinted).toHaveLength(1);
  });

  it.each(['GET', 'PUT'])('takes %s', async (method) => {
    await doors.save('f', HOOK);
    expect((await call('', { method })).status).toBe(200);
  });

  it('refuses what it must', async () => {
    await doors.save('f', HOOK);
    await doors.save('off', `disabled: true\n${HOOK}`);
    const text = { method: 'POST', body: 'x=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } };
    const answers = [
      await call('', {}, 'wrong'),
      await call('', {}, 'k', 'nope'),
      await call('', {}, 'a%20key%2F1', 'off'),
      await call('', text),
      await call('?inputs=nothing'),
      await call('', JSON_POST('x'.repeat(11 * 1024 * 1024))),
    ];
    const messages = await Promise.all(
      answers.map(async (answer) => [answer.status, ((await answer.json()) as { message: string }).message]),
    );
    expect(messages).toEqual([
      [404, 'Not Found: Webhook not found'],
      [404, 'Not Found: Flow not found'],
      [409, 'Illegal state: Cannot execute a disabled flow'],
      [415, expect.stringContaining('Unsupported Media Type')],
      [422, 'Illegal argument: the query parameter `inputs` must be a JSON object or key:value'],
      [413, expect.stringContaining('Request Entity Too Large')],
    ]);
    expect(doors.rows).toEqual([]);
  });

  it('answers 204 when the conditions say no', async () => {
    await doors.save(
      'f',
      HOOK.replace('}\n', ', conditions: [{type: io.kestra.plugin.core.condition.Expression, expression: "false"}]}\n'),
    );
    const answer = await call();
    expect([answer.status, await answer.text()]).toEqual([204, '']);
  });

  it('fills inputs from the query', async () => {
    await doors.save('f', `${HOOK}inputs: [{id: greeting, type: STRING}]\n`);
    const answer = await call(`?inputs=${encodeURIComponent('{"greeting":"hey"}')}`);
    expect(await answer.json()).toMatchObject({ inputs: { greeting: 'hey' } });
    expect((await call('?inputs=other:x')).status).toBe(422);
  });

  it('answers the repeat of a delivery with its execution', async () => {
    await doors.save('f', HOOK);
    const ids: unknown[] = [];
    for (let i = 0; i < 2; i++) {
      const answer = await call('', JSON_POST('{}', { 'x-github-delivery': 'd1' }));
      ids.push([answer.status, ((await answer.json()) as { id: string }).id]);
    }
    expect(ids[0]).toEqual(ids[1]);
    expect(doors.rows).toHaveLength(1);
  });

  it('sees a new key at once after an update', async () => {
    await doors.save('f', HOOK);
    expect((await call()).status).toBe(200);
    const source = (await doors.flows.get('main', 'company.team', 'f'))!.source.replace('a key/1', 'new');
    await doors.api('/flows/company.team/f', {
      method: 'PUT',
      headers: { 'content-type': 'application/x-yaml' },
      body: source,
    });
    expect((await call()).status).toBe(404);
    expect((await call('', {}, 'new')).status).toBe(200);
  });
});
