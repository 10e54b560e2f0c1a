import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Execution } from '@tiercel/model';
import { parseRange } from '../http/download.ts';
import { anExecution } from '../testing/fakes.ts';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';

let test: TestGateway;
let execution: Execution;
beforeEach(async () => {
  test = await startTestGateway();
  execution = anExecution({ flowId: 'My_Flow' });
  test.executions.put(execution);
});
afterEach(() => test.stop());

const root = (of: Execution): string => `/company/team/my-flow/executions/${of.id}`;
const store = async (name: string, content: string | Buffer): Promise<string> => {
  const path = `${root(execution)}/tasks/t/${name}`;
  await test.storage.put('main', path, content);
  return `kestra://${path}`;
};
const get = (uri: string, what = '', init?: RequestInit): Promise<Response> => {
  const [name, query = ''] = what.split('?');
  return test.api(`/executions/${execution.id}/file${name}?path=${encodeURIComponent(uri)}&${query}`, init);
};
const json = async (response: Response): Promise<any> => response.json();

describe('files of an execution', () => {
  it('are streamed whole, in ranges, or as headers only', async () => {
    const uri = await store('a.txt', '0123456789');
    const whole = await get(uri);
    expect([whole.status, await whole.text()]).toEqual([200, '0123456789']);
    expect(whole.headers.get('content-type')).toBe('application/octet-stream');
    expect(whole.headers.get('content-disposition')).toBe('attachment; filename="a.txt"');

    const part = await get(uri, '', { headers: { range: 'bytes=2-4' } });
    expect([part.status, await part.text(), part.headers.get('content-range')]).toEqual([206, '234', 'bytes 2-4/10']);
    const none = await get(uri, '', { headers: { range: 'bytes=10-' } });
    expect([none.status, none.headers.get('content-range')]).toEqual([416, 'bytes */10']);
    const head = await get(uri, '', { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '10', '']);
    expect(await json(await get(uri, '/metas'))).toEqual({ size: 10 });
  });

  it('of another execution are found there; other paths are refused', async () => {
    const other = anExecution({ flowId: 'My_Flow' });
    test.executions.put(other);
    const uri = `kestra://${root(other)}/inputs/f/x.txt`;
    const redirected = await get(uri, '/preview?maxRows=3');
    expect(redirected.status).toBe(301);
    expect(redirected.headers.get('location')).toBe(
      `/api/v1/executions/${other.id}/file/preview?path=${encodeURIComponent(uri)}&maxRows=3`,
    );
    const unknown = await get('kestra:///a/b/executions/unknownExecution/x');
    expect([unknown.status, (await json(unknown)).message]).toEqual([
      404,
      "Not Found: Unable to find execution id 'unknownExecution'",
    ]);
    for (const path of [
      'kestra:///company/team/_files/x',
      '/etc/passwd',
      `kestra://${root(execution)}/../x`,
      `kestra://${root(execution)}x/y`,
    ]) {
      const refused = await get(path);
      expect([refused.status, (await json(refused)).message]).toEqual([422, 'Illegal argument: Invalid prefix path']);
    }
    expect((await get(`kestra://${root(execution)}/none`)).status).toBe(404);
    expect((await test.api(`/executions/${execution.id}/file`)).status).toBe(400);
  });

  it('are previewed by their extension', async () => {
    const text = await store('f.upl', 'l1\nl2\nl3\nl4\n');
    expect(await json(await get(text, '/preview?maxRows=2'))).toEqual({
      extension: 'upl',
      type: 'TEXT',
      content: 'l1\nl2\n',
      maxLine: 2,
      truncated: true,
    });
    expect(await json(await get(text, '/preview?maxRows=4'))).toEqual({
      extension: 'upl',
      type: 'TEXT',
      content: 'l1\nl2\nl3\nl4',
      maxLine: 4,
      truncated: false,
    });
    const ion = await store('rows.ion', '{id:1,name:"a"}\n{id:2,name:null}\n');
    expect(await json(await get(ion, '/preview'))).toEqual({
      extension: 'ion',
      type: 'LIST',
      content: [
        { id: 1, name: 'a' },
        { id: 2, name: null },
      ],
      maxLine: 100,
      truncated: false,
    });
    const image = await store('p.png', Buffer.from([1, 2, 3]));
    expect(await json(await get(image, '/preview'))).toMatchObject({ type: 'IMAGE', content: 'AQID' });
    const latin = await store('l.txt', Buffer.from([0xe4]));
    expect((await json(await get(latin, '/preview?encoding=ISO-8859-1'))).content).toBe('ä');
    const unknown = await get(latin, '/preview?encoding=FOO');
    expect([unknown.status, (await json(unknown)).message]).toEqual([
      422,
      "Illegal argument: Unable to preview using encoding 'FOO'",
    ]);
  });
});

describe('ranges', () => {
  it.each([
    [undefined, undefined],
    ['bytes=0-0', { start: 0, end: 0 }],
    ['bytes=5-', { start: 5, end: 9 }],
    ['bytes=-3', { start: 7, end: 9 }],
    ['bytes=-30', { start: 0, end: 9 }],
    ['bytes=5-99', { start: 5, end: 9 }],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=4-2', undefined],
    ['bytes=0-1,3-4', undefined],
    ['lines=0-1', undefined],
    ['bytes=-', undefined],
  ])('%s of ten bytes', (header, range) => {
    expect(parseRange(header, 10)).toEqual(range);
  });

  it('of an empty file are never satisfiable', () => {
    expect(parseRange('bytes=0-', 0)).toBe('unsatisfiable');
    expect(parseRange('bytes=-1', 0)).toBe('unsatisfiable');
  });
});
