import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createdAt, newId, taskRunIdOf, withState, type Execution } from '@tiercel/model';
import { aFlow, anExecution, aTaskRun, fakeFlows, NOON } from '../testing/fakes.ts';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';

let test: TestGateway;
beforeEach(async () => {
  test = await startTestGateway({ config: { taskRunLimit: 2 }, flows: fakeFlows([aFlow()]) });
});
afterEach(() => test.stop());

const inState = (state: 'RUNNING' | 'PAUSED' | 'SUCCESS' | 'FAILED', given: Partial<Execution> = {}): Execution => {
  const execution = anExecution({ history: withState(createdAt(NOON), state, NOON + 1), ...given });
  test.executions.put(execution);
  return execution;
};
const post = (path: string, body?: string): Promise<Response> =>
  test.api(path, {
    method: 'POST',
    ...(body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } }),
  });
const messageOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { message: string }).message;

describe('operations on an execution', () => {
  it('are written, waited for, and answered with what came of them', async () => {
    const execution = inState('PAUSED');
    test.executions.onRequest = ({ id, operation }) => {
      expect(operation).toEqual({ kind: 'resume' });
      test.executions.move(execution.id, 'RUNNING');
      test.executions.decide(id, 'applied');
    };
    const response = await post(`/executions/${execution.id}/resume`);
    expect(response.status).toBe(204);
  });

  it('answer the execution as it is after the change', async () => {
    const execution = inState('FAILED');
    test.executions.put(execution, [aTaskRun(execution.id, 0, { history: execution.history })]);
    test.executions.onRequest = ({ id }) => {
      test.executions.move(execution.id, 'RESTARTED');
      test.executions.decide(id, 'applied');
    };
    const response = await post(`/executions/${execution.id}/restart`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ id: execution.id, state: { current: 'RESTARTED' } });
  });

  it('answer the present state and the operation when nothing is decided in time', async () => {
    const execution = inState('RUNNING');
    const response = await post(`/executions/${execution.id}/pause`);
    expect(response.status).toBe(200);
    expect(response.headers.get('operation-id')).toBe(test.executions.operations[0]!.id);
    expect(await response.json()).toMatchObject({ state: { current: 'RUNNING' } });
  });

  it('find an outcome whose live event was lost', async () => {
    const execution = inState('RUNNING');
    test.executions.onRequest = ({ id }) => {
      test.executions.operation = async (asked) => (asked === id ? { outcome: 'applied' } : undefined);
    };
    expect((await post(`/executions/${execution.id}/pause`)).status).toBe(200);
  });

  it('answer what the executor refused with its reason', async () => {
    const execution = inState('RUNNING');
    test.executions.onRequest = ({ id }) => test.executions.decide(id, 'refused', 'too late');
    const response = await post(`/executions/${execution.id}/pause`);
    expect(response.status).toBe(409);
    expect(await messageOf(response)).toBe('Illegal state: too late');
  });

  it('are refused at once when they are not allowed, and nothing is written', async () => {
    const done = inState('SUCCESS');
    const paused = await post(`/executions/${done.id}/pause`);
    expect(paused.status).toBe(422);
    expect(await messageOf(paused)).toBe('Illegal argument: The execution is not running');
    const killed = await test.api(`/executions/${done.id}/kill?isOnKillCascade=false`, { method: 'DELETE' });
    expect(killed.status).toBe(409);
    expect(await messageOf(killed)).toBe("Illegal state: Execution is already finished, can't kill it");
    expect(test.executions.operations).toEqual([]);
  });

  it('do not exist for an unknown execution', async () => {
    const id = newId(NOON);
    const resumed = await post(`/executions/${id}/resume`);
    expect(resumed.status).toBe(404);
    expect(await messageOf(resumed)).toBe(`Not Found: Execution '${id}' not found.`);
    for (const path of ['pause', 'restart', 'force-run', 'change-status?status=SUCCESS']) {
      expect((await post(`/executions/${id}/${path}`)).status).toBe(404);
    }
    expect((await test.api(`/executions/${id}/kill`, { method: 'DELETE' })).status).toBe(404);
  });

  it('kill without waiting', async () => {
    const execution = inState('RUNNING');
    const response = await test.api(`/executions/${execution.id}/kill`, { method: 'DELETE' });
    expect(response.status).toBe(202);
    expect(await response.text()).toBe('');
    expect(test.executions.operations[0]!.operation).toEqual({ kind: 'kill', cascade: true });
  });

  it('see task runs beyond the cut of the list', async () => {
    const execution = inState('FAILED');
    const failed = aTaskRun(execution.id, 3, { history: execution.history });
    const fine = withState(createdAt(NOON), 'SUCCESS', NOON + 1);
    test.executions.put(execution, [0, 1, 2].map((i) => aTaskRun(execution.id, i, { history: fine })).concat(failed));
    test.executions.onRequest = ({ id }) => test.executions.decide(id, 'applied');
    expect((await post(`/executions/${execution.id}/restart`)).status).toBe(200);
    const body = JSON.stringify({ taskRunId: failed.id, state: 'SUCCESS' });
    expect((await post(`/executions/${execution.id}/state`, body)).status).toBe(200);
    const unknown = JSON.stringify({ taskRunId: taskRunIdOf(execution.id, 9), state: 'SUCCESS' });
    expect((await post(`/executions/${execution.id}/state`, unknown)).status).toBe(422);
  });

  it('refuse a body of another shape with the place', async () => {
    const execution = inState('FAILED');
    const response = await post(`/executions/${execution.id}/state`, '{"taskRunId": 7, "state": "SUCCESS"}');
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({
      message: 'Invalid json mapping',
      _embedded: { errors: [{ path: '["taskRunId"]' }] },
    });
    expect(await messageOf(await post(`/executions/${execution.id}/state`, '{'))).toMatch(/^Invalid json: /);
    expect(await messageOf(await post(`/executions/${execution.id}/state`))).toMatch(/^Invalid route params: /);
  });

  it('know no unknown revision to restart on', async () => {
    const execution = inState('FAILED');
    const response = await post(`/executions/${execution.id}/restart?revision=9999`);
    expect(response.status).toBe(404);
    expect(await messageOf(response)).toBe('Not Found: Unable to find revision 9999 on flow company.team.hello');
  });

  it('take inputs of a resume as a form, files in the storage', async () => {
    const execution = inState('PAUSED');
    test.executions.onRequest = ({ id }) => test.executions.decide(id, 'applied');
    const form = new FormData();
    form.append('asked', 'grün');
    form.append('a.b', '1');
    form.append('files', new Blob(['content']), 'doc');
    const response = await test.api(`/executions/${execution.id}/resume`, { method: 'POST', body: form });
    expect(response.status).toBe(204);
    const path = `/company/team/hello/executions/${execution.id}/inputs/doc/doc`;
    expect(test.executions.operations[0]!.operation).toEqual({
      kind: 'resume',
      inputs: { asked: 'grün', a: { b: '1' }, doc: `kestra://${path}` },
    });
    expect((await test.storage.stat('main', path))?.size).toBe(7);
  });

  it('merge labels of an ended execution, but not system ones', async () => {
    const execution = inState('SUCCESS', {
      labels: [
        { key: 'a', value: '1' },
        { key: 'system.correlationId', value: 'x' },
      ],
    });
    const set = (labels: unknown): Promise<Response> =>
      post(`/executions/${execution.id}/labels`, JSON.stringify(labels));
    const response = await set([
      { key: 'a', value: '2' },
      { key: 'b', value: '3' },
      { key: '', value: '' },
      { key: 'system.correlationId', value: 'x' },
    ]);
    expect(await response.json()).toMatchObject({
      labels: [
        { key: 'a', value: '2' },
        { key: 'system.correlationId', value: 'x' },
        { key: 'b', value: '3' },
      ],
    });
    expect((await set([{ key: 'system.username', value: 'me' }])).status).toBe(422);
    const running = inState('RUNNING');
    const refused = await post(`/executions/${running.id}/labels`, '[]');
    expect([refused.status, await messageOf(refused)]).toEqual([400, 'Bad Request: The execution is not terminated']);
  });
});
