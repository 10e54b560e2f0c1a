import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aFlow, fakeFlows, NOON } from '../testing/fakes.ts';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';

let test: TestGateway;
beforeEach(async () => {
  test = await startTestGateway({ flows: fakeFlows([aFlow({ namespace: 'a.b.c', id: 'one', source: 'id: one\n' })]) });
});
afterEach(() => test.stop());

const json = async (response: Response): Promise<any> => response.json();

describe('namespaces', () => {
  it('are those of flows, their parents and the system namespace', async () => {
    expect(await json(await test.api('/namespaces/search'))).toEqual({
      results: ['a', 'a.b', 'a.b.c', 'system'].map((id) => ({ id, deleted: false, disabled: true })),
      total: 4,
    });
    expect(await json(await test.api('/namespaces/search?q=B&sort=id:desc&size=1'))).toMatchObject({
      results: [{ id: 'a.b.c' }],
      total: 2,
    });
    expect(await json(await test.api('/namespaces/any.thing'))).toEqual({ id: 'any.thing', deleted: false });
  });
});

describe('keys and values', () => {
  const put = (key: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
    test.api(`/namespaces/a/kv/${key}`, {
      method: 'PUT',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    });

  it('keep types, dates and expiry', async () => {
    expect((await put('k', '"text"', { ttl: 'PT5M' })).status).toBe(200);
    test.advance(1000);
    await put('k2', '2021-09-01', { 'content-type': 'text/plain' });
    expect(await json(await test.api('/namespaces/a/kv'))).toEqual([
      {
        key: 'k',
        creationDate: '2026-01-02T12:00:00Z',
        updateDate: '2026-01-02T12:00:00Z',
        expirationDate: '2026-01-02T12:05:00Z',
      },
      { key: 'k2', creationDate: '2026-01-02T12:00:01Z', updateDate: '2026-01-02T12:00:01Z' },
    ]);
    expect(await json(await test.api('/namespaces/a/kv/k2'))).toEqual({ type: 'DATE', value: '2021-09-01' });
    test.advance(300_000);
    const expired = await test.api('/namespaces/a/kv/k');
    expect([expired.status, (await json(expired)).message]).toEqual([
      410,
      'Resource has expired: The requested value has expired',
    ]);
    const gone = await test.api('/namespaces/a/kv/k');
    expect([gone.status, (await json(gone)).message]).toEqual([
      404,
      "Not Found: No value found for key 'k' in namespace 'a'",
    ]);
  });

  it('are deleted one by one or together', async () => {
    await put('x', '1');
    await put('y', '2');
    expect(await json(await test.api('/namespaces/a/kv/x', { method: 'DELETE' }))).toBe(true);
    expect(await json(await test.api('/namespaces/a/kv/x', { method: 'DELETE' }))).toBe(false);
    const headers = { 'content-type': 'application/json' };
    expect(
      await json(await test.api('/namespaces/a/kv', { method: 'DELETE', body: '{"keys":["x","y"]}', headers })),
    ).toEqual({ keys: ['y'] });
  });

  it('refuse malformed keys, values, lifetimes and namespaces with 422', async () => {
    expect((await put('-x', '1')).status).toBe(422);
    expect((await put('x', 'no json')).status).toBe(422);
    expect((await put('x', '1', { ttl: 'soon' })).status).toBe(422);
    expect((await test.api('/namespaces/A/kv')).status).toBe(422);
    expect((await test.api(`/namespaces/${encodeURIComponent('../x')}/kv`)).status).toBe(422);
    expect(NOON).toBeGreaterThan(0);
  });
});

describe('files of a namespace', () => {
  const at = '/namespaces/a.b.c/files';
  const upload = (path: string, content: string | Buffer<ArrayBuffer>, name = 'file'): Promise<Response> => {
    const form = new FormData();
    form.append('fileContent', new Blob([content]), name);
    return test.api(`${at}?path=${encodeURIComponent(path)}`, { method: 'POST', body: form });
  };

  it('are stored, listed, found, moved and removed with what becomes empty', async () => {
    expect((await upload('/dir/sub/a.txt', 'hello')).status).toBe(200);
    expect((await upload('/b.txt', 'x')).status).toBe(200);
    expect(await (await test.api(`${at}?path=/dir/sub/a.txt`)).text()).toBe('hello');
    expect(await json(await test.api(`${at}/search?q=a.t`))).toEqual(['/dir/sub/a.txt']);
    expect(await json(await test.api(`${at}/stats?path=/dir/sub/a.txt`))).toMatchObject({
      fileName: 'a.txt',
      type: 'File',
      size: 5,
    });
    expect(
      (await json(await test.api(`${at}/directory`))).map((entry: { fileName: string }) => entry.fileName),
    ).toEqual(['b.txt', 'dir']);
    expect((await test.api(`${at}?from=/dir/sub/a.txt&to=/c.txt`, { method: 'PUT' })).status).toBe(200);
    await upload('/dir/sub/a.txt', 'again');
    expect((await test.api(`${at}?path=/dir/sub/a.txt`, { method: 'DELETE' })).status).toBe(200);
    expect((await test.api(`${at}/stats?path=/dir`)).status).toBe(404);
    expect((await test.api(`${at}/stats?path=/c.txt`)).status).toBe(200);
  });

  it('do not exist before something is there, except the root', async () => {
    expect(await json(await test.api('/namespaces/new/files/directory'))).toEqual([]);
    expect((await test.api('/namespaces/new/files/directory?path=/x')).status).toBe(404);
    expect(await json(await test.api('/namespaces/new/files/stats'))).toMatchObject({
      type: 'Directory',
      fileName: '_files',
    });
    expect(await json(await test.api('/namespaces/new/files/search?q='))).toEqual([]);
    expect((await test.api('/namespaces/new/files/search')).status).toBe(400);
  });

  it('refuse what lies below _flows and what leaves the namespace', async () => {
    const refused = await test.api(`${at}?path=/_flows/test.yml`);
    expect([refused.status, (await json(refused)).message]).toEqual([
      422,
      'Illegal argument: Forbidden path: /_flows/test.yml',
    ]);
    for (const path of ['/../x', '/a/../../x', 'a\\..\\x']) {
      expect((await test.api(`${at}?path=${encodeURIComponent(path)}`)).status).toBe(422);
      expect((await upload(path, 'x')).status).toBe(422);
    }
    expect((await test.api(`${at}?from=/a&to=/_flows/a`, { method: 'PUT' })).status).toBe(422);
  });

  it('go out as a zip with the flows, and come in as one', async () => {
    await upload('/dir/ä.txt', 'hello');
    const response = await test.api(`${at}/export`);
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="a.b.c_files.zip"');
    const zip = Buffer.from(await response.arrayBuffer());
    expect(zip.includes('_flows/one.yml')).toBe(true);
    await test.api(`${at}?path=/dir`, { method: 'DELETE' });
    // The flows in it refuse the archive as a whole: nothing is written.
    expect((await upload('/', zip, 'all.zip')).status).toBe(422);
    expect(await json(await test.api(`${at}/search?q=`))).toEqual([]);
    const other = await startTestGateway();
    try {
      await other.storage.put('main', '/n/_files/dir/ä.txt', 'hello');
      const plain = Buffer.from(await (await other.api('/namespaces/n/files/export')).arrayBuffer());
      expect((await upload('/ignored', plain, 'all.ZIP')).status).toBe(200);
      expect(await json(await test.api(`${at}/search?q=`))).toEqual(['/dir/ä.txt']);
    } finally {
      await other.stop();
    }
    expect((await upload('/', 'no zip', 'x.zip')).status).toBe(422);
  });

  it('keep nothing of an upload over the limit', async () => {
    const small = await startTestGateway({ config: { uploadLimit: 2000 } });
    try {
      const form = new FormData();
      form.append('fileContent', new Blob(['x'.repeat(3000)]), 'big');
      const response = await small.api('/namespaces/n/files?path=/big', { method: 'POST', body: form });
      expect(response.status).toBe(413);
      expect((await small.api('/namespaces/n/files/stats?path=/big')).status).toBe(404);
    } finally {
      await small.stop();
    }
  });
});
