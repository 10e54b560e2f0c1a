import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createdAt, newId, withState } from '@tiercel/model';
import { anExecution, aTaskRun, NOON } from '../testing/fakes.ts';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';

let test: TestGateway;
beforeEach(async () => {
  test = await startTestGateway({ config: { taskRunLimit: 3 } });
});
afterEach(() => test.stop());

const json = async (response: Response): Promise<any> => response.json();

describe('reading executions', () => {
  it('answers an execution in the shape of the reference', async () => {
    const history = withState(withState(createdAt(NOON), 'RUNNING', NOON + 50), 'SUCCESS', NOON + 124);
    const execution = anExecution({ history, inputs: { user: null, nested: { gone: null, kept: 1 } }, outputs: {} });
    test.executions.put(execution, [aTaskRun(execution.id, 0, { taskId: 'a', history, outputs: { value: 'x' } })]);

    const response = await test.api(`/executions/${execution.id}`);

    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('etag')).toBeNull();
    expect(await json(response)).toEqual({
      id: execution.id,
      namespace: 'company.team',
      flowId: 'hello',
      flowRevision: 1,
      inputs: { user: null, nested: { kept: 1 } },
      labels: [{ key: 'system.correlationId', value: execution.id }],
      state: {
        current: 'SUCCESS',
        histories: [
          { state: 'CREATED', date: '2026-01-02T12:00:00Z' },
          { state: 'RUNNING', date: '2026-01-02T12:00:00.050Z' },
          { state: 'SUCCESS', date: '2026-01-02T12:00:00.124Z' },
        ],
        duration: 'PT0.124S',
        startDate: '2026-01-02T12:00:00Z',
        endDate: '2026-01-02T12:00:00.124Z',
      },
      originalId: execution.id,
      deleted: false,
      metadata: { attemptNumber: 1, originalCreatedDate: '2026-01-02T12:00:00Z' },
      taskRunList: [expect.objectContaining({ taskId: 'a', executionId: execution.id, outputs: { value: 'x' } })],
    });
  });

  it('serves every route with the tenant in front, too, and knows no other tenant', async () => {
    const execution = anExecution();
    test.executions.put(execution);
    expect((await test.api(`/main/executions/${execution.id}`)).status).toBe(200);
    const other = await test.api(`/elsewhere/executions/${execution.id}`);
    expect(other.status).toBe(404);
    expect(await json(other)).toEqual({
      message: 'Not Found',
      _links: { self: { href: `/api/v1/elsewhere/executions/${execution.id}` } },
    });
  });

  it('cuts a long list of task runs, with counts, and pages through all of them', async () => {
    const execution = anExecution();
    const done = withState(createdAt(NOON), 'SUCCESS', NOON + 1);
    test.executions.put(
      execution,
      Array.from({ length: 5 }, (_, i) => aTaskRun(execution.id, i, i < 4 ? { history: done } : {})),
    );

    const cut = await json(await test.api(`/executions/${execution.id}`));
    expect(cut.taskRunList).toHaveLength(3);
    expect(cut).toMatchObject({ taskRunListTruncated: true, taskRunCounts: { SUCCESS: 4, CREATED: 1 } });

    const page = await json(await test.api(`/executions/${execution.id}/taskruns?page=2&size=3`));
    expect(page.total).toBe(5);
    expect(page.results.map((taskRun: { taskId: string }) => taskRun.taskId)).toEqual(['task3', 'task4']);
    const created = await json(await test.api(`/executions/${execution.id}/taskruns?state=created`));
    expect(created.results.map((taskRun: { taskId: string }) => taskRun.taskId)).toEqual(['task4']);
  });

  it('finds nothing for an unknown id and for a text that is no id', async () => {
    expect((await test.api(`/executions/${newId(NOON)}`)).status).toBe(404);
    const calls = test.executions.calls.get;
    expect((await test.api('/executions/no-id')).status).toBe(404);
    expect(test.executions.calls.get).toBe(calls);
  });

  it('deletes an execution with its files', async () => {
    const execution = anExecution();
    test.executions.put(execution);
    const path = `/company/team/hello/executions/${execution.id}/inputs/f/a.txt`;
    await test.storage.put('main', path, 'x');
    expect((await test.api(`/executions/${execution.id}`, { method: 'DELETE' })).status).toBe(204);
    expect(await test.storage.stat('main', path)).toBeUndefined();
    expect((await test.api(`/executions/${execution.id}`, { method: 'DELETE' })).status).toBe(404);
  });

  it('shows an execution as a page of its own', async () => {
    const execution = anExecution({ inputs: { name: '<script>alert(1)</script>' } });
    test.executions.put(execution);
    const response = await test.api(`/executions/${execution.id}/report`, { headers: { accept: 'text/html' } });
    expect(response.headers.get('content-type')).toContain('text/html');
    const page = await response.text();
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page).not.toContain('<script>');
  });
});

describe('searching executions', () => {
  const filterOf = async (query: string): Promise<unknown> => {
    const response = await test.api(`/executions/search?${query}`);
    expect(response.status).toBe(200);
    return test.executions.searches.at(-1);
  };

  it('reads flat filters, repeated or by comma', async () => {
    expect(
      await filterOf('namespace=a.b&state=running,FAILED&state=PAUSED&labels=k:v:w&labels=m:n,o&childFilter=MAIN'),
    ).toMatchObject({
      namespace: 'a.b',
      states: ['RUNNING', 'FAILED', 'PAUSED'],
      labels: [
        { key: 'k', value: 'v:w' },
        { key: 'm', value: 'n,o' },
      ],
      childFilter: 'MAIN',
    });
  });

  it('reads filters in brackets to the same effect', async () => {
    expect(
      await filterOf(
        'filters[namespace][PREFIX]=a&filters[labels][EQUALS][env]=dev&filters[timeRange][EQUALS]=PT5M&filters[state][IN]=FAILED,KILLED',
      ),
    ).toMatchObject({
      namespace: 'a',
      labels: [{ key: 'env', value: 'dev' }],
      startDate: NOON - 300_000,
      states: ['FAILED', 'KILLED'],
    });
  });

  it.each([
    ['filters[nonsense][EQUALS]=1', 'Unknown filter'],
    ['filters[state][REGEX]=1', 'does not support REGEX'],
    ['filters=1', 'Unknown filter'],
    ['labels=env', 'Unprocessable Entity: Invalid queryString parameter'],
    ['startDate=yesterday', 'Failed to convert argument: [startDate]'],
    [
      'startDate=2024-06-03T00:00:00Z&endDate=2023-06-05T00:00:00Z',
      'Illegal argument: Start date must be before End Date',
    ],
    ['startDate=2024-06-03T00:00:00Z&timeRange=P1D', "Parameters 'startDate' and 'timeRange' are mutually exclusive"],
    ['timeRange=PT99999999999999999H', 'longer than 100 years'],
    ['timeRange=PT999999999999999999999H', 'longer than 100 years'],
    ['q=a%00b', 'the query parameter "q" holds a control character'],
    ['filters[labels][EQUALS][%0a]=x', 'holds a control character'],
    ['q=1+2+3+4+5+6+7+8+9+10+11', 'q: a search text has at most 10 different words, this one 11'],
    [`q=${'x'.repeat(201)}`, 'q: a search text has at most 200 characters'],
    ['state=NOWHERE', 'Failed to convert argument: [state]'],
    ['sort=id', 'Unprocessable Entity: Invalid sort parameter'],
    ['page=0', 'Invalid entity: find.page: must be greater than or equal to 1'],
  ])('refuses %s with 422', async (query, message) => {
    const response = await test.api(`/executions/search?${query}`);
    expect(response.status).toBe(422);
    expect((await json(response)).message).toContain(message);
  });

  it('names single violations', async () => {
    const response = await test.api('/executions/search?page=0&size=-1');
    expect((await json(response))._embedded.errors).toEqual([
      { path: 'find.page', message: 'must be greater than or equal to 1' },
      { path: 'find.size', message: 'must be greater than or equal to 1' },
    ]);
  });

  it('refuses the same label twice with 409 and a missing parameter with 400', async () => {
    expect((await test.api('/executions/search?labels=a:1&labels=a:2')).status).toBe(409);
    const missing = await test.api('/executions?namespace=a');
    expect(missing.status).toBe(400);
    expect((await json(missing)).message).toBe('Bad Request: Required QueryValue [flowId] not specified');
  });
});
