import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createdAt, newId, withState } from '@tiercel/model';
import { anExecution, NOON } from './testing/fakes.ts';
import { startTestGateway, type TestGateway } from './testing/gateway.ts';

let test: TestGateway;
beforeEach(async () => {
  test = await startTestGateway();
});
afterEach(() => test.stop());

interface Frame {
  readonly id: string;
  readonly data: any;
}

/** Reads a stream frame by frame. */
async function* frames(response: Response): AsyncGenerator<Frame> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const [id = '', data = ''] = text.slice(0, end).split('\n');
      text = text.slice(end + 2);
      yield { id: id.replace(/^id: /, ''), data: JSON.parse(data.replace(/^data: /, '')) };
    }
  }
}

const follow = async (id: string, options?: RequestInit): Promise<AsyncGenerator<Frame>> => {
  const response = await test.api(`/executions/${id}/follow`, { headers: { accept: 'text/event-stream' }, ...options });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  return frames(response);
};
const rest = async (stream: AsyncGenerator<Frame>): Promise<readonly string[]> => {
  const seen: string[] = [];
  for await (const frame of stream) seen.push(`${frame.id} ${frame.data.state.current}`);
  return seen;
};

describe('following an execution', () => {
  it('sends the present state, each change, and the end twice', async () => {
    const execution = anExecution();
    test.executions.put(execution);
    const stream = await follow(execution.id);
    expect((await stream.next()).value).toMatchObject({
      id: 'progress',
      data: { id: execution.id, state: { current: 'CREATED' } },
    });
    test.executions.move(execution.id, 'RUNNING');
    expect((await stream.next()).value).toMatchObject({ id: 'progress', data: { state: { current: 'RUNNING' } } });
    test.executions.move(execution.id, 'SUCCESS');
    expect(await rest(stream)).toEqual(['progress SUCCESS', 'end SUCCESS']);
    expect(test.gateway.routeDeps.watch.size).toBe(0);
  });

  it('sends one end for an execution that has ended', async () => {
    const execution = anExecution({ history: withState(createdAt(NOON), 'FAILED', NOON) });
    test.executions.put(execution);
    expect(await rest(await follow(execution.id))).toEqual(['end FAILED']);
  });

  it('does not miss an end whose live event was lost', async () => {
    const execution = anExecution();
    test.executions.put(execution);
    const stream = await follow(execution.id);
    await stream.next();
    test.executions.move(execution.id, 'SUCCESS', { quiet: true });
    expect(await rest(stream)).toEqual(['progress SUCCESS', 'end SUCCESS']);
  });

  it('stays open on a pause, and while the store is away', async () => {
    const execution = anExecution();
    test.executions.put(execution);
    const stream = await follow(execution.id);
    await stream.next();
    test.executions.failure = new Error('away');
    test.executions.move(execution.id, 'PAUSED');
    await vi.waitFor(() => expect(test.executions.calls.states).toBeGreaterThan(1));
    test.executions.failure = undefined;
    expect((await stream.next()).value).toMatchObject({ id: 'progress', data: { state: { current: 'PAUSED' } } });
    test.executions.move(execution.id, 'KILLED');
    expect(await rest(stream)).toEqual(['progress KILLED', 'end KILLED']);
  });

  it('waits a little for an execution to appear, then answers 404', async () => {
    expect((await test.api(`/executions/${newId(NOON)}/follow`)).status).toBe(404);
    const late = anExecution();
    vi.spyOn(test.executions, 'get').mockImplementationOnce(async () => {
      test.executions.put(late);
      return undefined;
    });
    expect((await (await follow(late.id)).next()).value).toMatchObject({ id: 'progress', data: { id: late.id } });
  });

  it('reads once for many followers, and forgets those that go away', async () => {
    const execution = anExecution();
    test.executions.put(execution);
    const controller = new AbortController();
    const streams = await Promise.all(
      Array.from({ length: 50 }, () => follow(execution.id, { signal: controller.signal })),
    );
    await Promise.all(streams.map((stream) => stream.next()));
    const before = test.executions.calls.get;
    test.executions.move(execution.id, 'RUNNING');
    await Promise.all(streams.map((stream) => stream.next()));
    expect(test.executions.calls.get - before).toBe(1);
    controller.abort();
    await vi.waitFor(() => expect(test.gateway.routeDeps.watch.size).toBe(0));
    expect(test.gateway.routeDeps.streams.size).toBe(0);
  });

  it('ends with the gateway', async () => {
    const execution = anExecution();
    test.executions.put(execution);
    const stream = await follow(execution.id);
    await stream.next();
    await test.gateway.stop();
    expect(await rest(stream)).toEqual([]);
  });
});

describe('following logs', () => {
  const line = (executionId: string, number: number) => ({
    tenant: 'main',
    namespace: 'company.team',
    flowId: 'hello',
    executionId,
    taskRunSeq: 0,
    dispatch: 1,
    number,
    level: 'INFO' as const,
    timestamp: NOON + number,
    message: `line ${number}`,
  });
  const messages = async (stream: AsyncGenerator<Frame>): Promise<readonly string[]> => {
    const seen: string[] = [];
    for await (const frame of stream) seen.push(frame.data.message);
    return seen;
  };

  it('sends what is stored, what comes, also quietly, and ends after the last line', async () => {
    const execution = anExecution();
    test.executions.put(execution);
    test.executions.addLogs([line(execution.id, 0)]);
    const stream = frames(await test.api(`/logs/${execution.id}/follow`));
    expect((await stream.next()).value).toMatchObject({ id: 'progress', data: { message: 'line 0' } });
    test.executions.addLogs([line(execution.id, 1)]);
    expect((await stream.next()).value).toMatchObject({ data: { message: 'line 1' } });
    test.executions.addLogs([line(execution.id, 2)], { quiet: true });
    expect((await stream.next()).value).toMatchObject({ data: { message: 'line 2' } });
    test.executions.addLogs([line(execution.id, 3)], { quiet: true });
    test.executions.move(execution.id, 'SUCCESS', { quiet: true });
    expect(await messages(stream)).toEqual(['line 3']);
  });

  it('sends all lines of an ended execution once and closes', async () => {
    const execution = anExecution({ history: withState(createdAt(NOON), 'SUCCESS', NOON) });
    test.executions.put(execution);
    test.executions.addLogs(Array.from({ length: 2500 }, (_, i) => line(execution.id, i)));
    const seen = await messages(frames(await test.api(`/logs/${execution.id}/follow`)));
    expect(seen).toHaveLength(2500);
    expect(new Set(seen).size).toBe(2500);
  });

  it('stops reading for a client that does not read', async () => {
    const execution = anExecution({ history: withState(createdAt(NOON), 'SUCCESS', NOON) });
    test.executions.put(execution);
    test.executions.addLogs(
      Array.from({ length: 40_000 }, (_, i) => ({ ...line(execution.id, i), message: 'x'.repeat(2000) })),
    );
    const read = vi.spyOn(test.executions, 'executionLogs');
    const response = await test.api(`/logs/${execution.id}/follow`);
    await vi.waitFor(() => expect(read.mock.calls.length).toBeGreaterThan(0));
    let calls = -1;
    while (calls !== read.mock.calls.length) {
      calls = read.mock.calls.length;
      await delay(50);
    }
    expect(calls).toBeLessThan(30);
    await response.body!.cancel();
  });
});
