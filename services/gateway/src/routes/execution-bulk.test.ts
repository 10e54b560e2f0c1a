import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createdAt, newId, withState, type Execution, type State } from '@tiercel/model';
import { anExecution, NOON } from '../testing/fakes.ts';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';

let test: TestGateway;
beforeEach(async () => {
  test = await startTestGateway();
});
afterEach(() => test.stop());

const inState = (state: State): Execution => {
  const execution = anExecution({ history: withState(createdAt(NOON), state, NOON + 1) });
  test.executions.put(execution);
  return execution;
};
const byIds = (method: string, path: string, ids: readonly string[]): Promise<Response> =>
  test.api(`/executions/${path}`, {
    method,
    body: JSON.stringify(ids),
    headers: { 'content-type': 'application/json' },
  });

describe('bulk operations', () => {
  it('are written at once for all members', async () => {
    const ids = [inState('RUNNING'), inState('RUNNING')].map((execution) => execution.id);
    const response = await byIds('POST', 'pause/by-ids', ids);
    expect([response.status, await response.json()]).toEqual([200, { count: 2 }]);
    expect(test.executions.operations.map(({ executionId, operation }) => [executionId, operation.kind])).toEqual(
      ids.map((id) => [id, 'pause']),
    );
  });

  it('do nothing when one member is unfit, and name every unfit one', async () => {
    const running = inState('RUNNING').id;
    const done = inState('SUCCESS').id;
    const unknown = newId(NOON);
    const response = await byIds('DELETE', 'kill/by-ids', [running, done, unknown, 'no-id']);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      message: 'invalid bulk kill',
      invalids: [
        { message: 'execution already finished', invalidValue: done, propertyPath: 'execution' },
        { message: 'execution not found', invalidValue: unknown, propertyPath: 'execution' },
        { message: 'execution not found', invalidValue: 'no-id', propertyPath: 'execution' },
      ],
    });
    expect(test.executions.operations).toEqual([]);
  });

  it('by query take what the filters find, and refuse unknown filters before anything happens', async () => {
    inState('FAILED');
    const response = await test.api('/executions/restart/by-query?namespace=company.team', { method: 'POST' });
    expect(await response.json()).toEqual({ count: 1 });
    const refused = await test.api('/executions/by-query?filters[nonsense][EQUALS]=1', { method: 'DELETE' });
    expect(refused.status).toBe(422);
  });

  it('change a status only to a terminal one', async () => {
    const done = inState('SUCCESS').id;
    expect((await byIds('POST', 'change-status/by-ids?newStatus=RUNNING', [done])).status).toBe(422);
    expect((await byIds('POST', 'change-status/by-ids', [done])).status).toBe(400);
    expect((await byIds('POST', 'change-status/by-ids?newStatus=WARNING', [done])).status).toBe(200);
  });

  it('delete what has ended, or anything when asked to', async () => {
    const done = inState('SUCCESS').id;
    const running = inState('RUNNING').id;
    expect((await byIds('DELETE', 'by-ids', [done, running])).status).toBe(400);
    expect(await (await byIds('DELETE', 'by-ids?includeNonTerminated=true', [done, running])).json()).toEqual({
      count: 2,
    });
    expect((await test.api(`/executions/${done}`)).status).toBe(404);
  });
});
