import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId, type Execution } from '@tiercel/model';
import { anExecution, NOON } from '../testing/fakes.ts';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';

let test: TestGateway;
let execution: Execution;
beforeEach(async () => {
  test = await startTestGateway();
  execution = anExecution();
  test.executions.put(execution);
});
afterEach(() => test.stop());

const addLines = (count: number): void =>
  test.executions.addLogs(
    Array.from({ length: count }, (_, number) => ({
      tenant: 'main',
      namespace: 'company.team',
      flowId: 'hello',
      executionId: execution.id,
      taskRunSeq: 0,
      dispatch: 1,
      number,
      taskId: number % 2 === 0 ? 'even' : 'odd',
      level: 'INFO' as const,
      timestamp: NOON + number,
      message: `line ${number}`,
    })),
  );
const json = async (response: Response): Promise<any> => response.json();

describe('logs of an execution', () => {
  it('are a list by time, with the attempt always there', async () => {
    addLines(3);
    expect((await json(await test.api(`/logs/${execution.id}?taskId=odd`)))[0]).toEqual({
      namespace: 'company.team',
      flowId: 'hello',
      taskId: 'odd',
      executionId: execution.id,
      attemptNumber: null,
      timestamp: '2026-01-02T12:00:00.001Z',
      level: 'INFO',
      message: 'line 1',
      deleted: false,
    });
    expect(await json(await test.api(`/logs/${newId(NOON)}`))).toEqual([]);
    expect(await json(await test.api('/logs/no-id'))).toEqual([]);
  });

  it('are downloaded as text, also many, also none', async () => {
    const none = await test.api(`/logs/${execution.id}/download`);
    expect([none.status, await none.text()]).toEqual([200, '']);
    addLines(2500);
    const response = await test.api(`/logs/${execution.id}/download`);
    expect(response.headers.get('content-disposition')).toBe(`attachment; filename="${execution.id}.log"`);
    const text = await response.text();
    expect(text.split('\n')).toHaveLength(2500);
    expect(text.startsWith('2026-01-02T12:00:00Z INFO line 0\n')).toBe(true);
    expect(text.endsWith('INFO line 2499')).toBe(true);
  });

  it('answer an error, not half a file, when they cannot be read', async () => {
    test.executions.executionLogs = async () => {
      throw new Error('away');
    };
    expect((await test.api(`/logs/${execution.id}/download`)).status).toBe(500);
    expect((await test.api(`/logs/${execution.id}`)).status).toBe(500);
  });

  it('are one list, also of several chunks', async () => {
    addLines(2500);
    const lines = await json(await test.api(`/logs/${execution.id}`));
    expect(lines).toHaveLength(2500);
    expect([lines[0].message, lines[1000].message, lines[2499].message]).toEqual(['line 0', 'line 1000', 'line 2499']);
    const head = await test.api(`/logs/${execution.id}`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-type'), await head.text()]).toEqual([200, 'application/json', '']);
  });

  it('are not read further than a client takes them', async () => {
    addLines(1);
    const [line] = await test.executions.executionLogs({ tenant: 'main', executionId: execution.id }, 1);
    const chunk = Array.from({ length: 1000 }, () => ({ ...line!, message: 'x'.repeat(10_000) }));
    let reads = 0;
    // Without an end: a server that did not wait would read on for ever.
    test.executions.executionLogs = async () => {
      reads += 1;
      await pause(1);
      return chunk;
    };
    const socket = connect(test.port, '127.0.0.1');
    socket.pause();
    socket.write(`GET /api/v1/logs/${execution.id} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await expect.poll(() => reads).toBeGreaterThan(0);
    await pause(500);
    expect(reads).toBeLessThan(5);
    const read = reads;
    socket.destroy();
    await once(socket, 'close');
    await pause(100);
    expect(reads).toBeLessThan(read + 3);
  });

  it('are searched with filters and refused with wrong ones', async () => {
    addLines(3);
    expect((await json(await test.api('/logs/search?size=2'))).results).toHaveLength(2);
    expect((await test.api('/logs/search?minLevel=LOUD')).status).toBe(422);
    expect((await test.api('/logs/search?filters[state][IN]=FAILED')).status).toBe(422);
    expect((await test.api('/logs/search?sort=nonsense:asc')).status).toBe(422);
  });

  it('are deleted by what is asked', async () => {
    expect((await test.api(`/logs/${execution.id}?minLevel=WARN&taskId=a`, { method: 'DELETE' })).status).toBe(200);
    expect((await test.api('/logs/company.team/hello?triggerId=t', { method: 'DELETE' })).status).toBe(200);
    expect(test.executions.deletedLogs).toEqual([
      { tenant: 'main', executionId: execution.id, minLevel: 'WARN', taskId: 'a' },
      { tenant: 'main', namespace: 'company.team', flowId: 'hello', triggerId: 't' },
    ]);
  });
});

describe('metrics of an execution', () => {
  it('are a page', async () => {
    expect(await json(await test.api(`/metrics/${execution.id}?sort=name:asc`))).toEqual({ results: [], total: 0 });
    expect(await json(await test.api('/metrics/no-id'))).toEqual({ results: [], total: 0 });
  });
});
