import { buffer } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import yazl from 'yazl';
import { flowSource, startTestDoors, YAML, type TestDoors } from '../../testing/doors.ts';
import { requestsTo } from '../../testing/requests.ts';
import { readZip } from '../../zip.ts';

let doors: TestDoors;
beforeEach(async () => {
  doors = await startTestDoors();
});
afterEach(() => doors.stop());
const { get, send, upload } = requestsTo(() => doors);

const zipOf = async (files: Readonly<Record<string, string | Buffer>>): Promise<Buffer> => {
  const zip = new yazl.ZipFile();
  for (const [name, content] of Object.entries(files)) zip.addBuffer(Buffer.from(content), name);
  zip.end();
  return buffer(zip.outputStream as Readable);
};
const unzipped = async (response: Promise<Response>): Promise<Readonly<Record<string, string>>> => {
  const answer = await response;
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('application/octet-stream');
  expect(answer.headers.get('content-disposition')).toBe('attachment; filename="flows.zip"');
  const entries = await readZip(Buffer.from(await answer.arrayBuffer()), () => true);
  return Object.fromEntries(entries.map(({ name, content }) => [name, content.toString()]));
};

describe('exports', () => {
  it('by query are an archive of the sources', async () => {
    await doors.save('a', '# ü\n');
    await doors.save('b', 'labels: {x: "1,2"}\n');
    const files = await unzipped(doors.api('/flows/export/by-query?namespace=company'));
    expect(files).toEqual({
      'company.team.a.yml': flowSource('a', '# ü\n'),
      'company.team.b.yml': flowSource('b', 'labels: {x: "1,2"}\n'),
    });
    const some = await unzipped(doors.api('/flows/export/by-query?labels=x%3A1%2C2'));
    expect(Object.keys(some)).toEqual(['company.team.b.yml']);
    expect(await unzipped(doors.api('/flows/export/by-query?q=nothing'))).toEqual({});
    expect((await get('/flows/export/by-query?labels=x')).status).toBe(422);
  });

  it('of more flows than are read at a time have all of them, and none hides another', async () => {
    const documents = Array.from({ length: 401 }, (_, i) => flowSource(`f${i}`));
    const twins = [flowSource('b.c').replace('company.team', 'a'), flowSource('c').replace('company.team', 'a.b')];
    await send('POST', '/flows/bulk', [...documents, ...twins].join('\n---\n'));
    const files = await unzipped(doors.api('/flows/export/by-query'));
    expect(Object.keys(files)).toHaveLength(403);
    expect(files).toMatchObject({ 'a.b.c.yml': expect.anything(), 'a.b.c~2.yml': expect.anything() });
  });

  it('by ids', async () => {
    await doors.save('a');
    await doors.save('b');
    const body = JSON.stringify([{ namespace: 'company.team', id: 'b' }]);
    const headers = { 'content-type': 'application/json' };
    const files = await unzipped(doors.api('/flows/export/by-ids', { method: 'POST', headers, body }));
    expect(Object.keys(files)).toEqual(['company.team.b.yml']);
    expect((await doors.api('/flows/export/by-ids', { method: 'POST', headers: YAML, body })).status).toBe(415);
  });

  it('can be imported again', async () => {
    for (const id of ['a', 'b']) await doors.save(id, `description: ${id}\n`);
    const archive = await (await doors.api('/flows/export/by-query')).arrayBuffer();
    await send('DELETE', '/flows/delete/by-query');
    expect(await upload('/flows/import', 'flows.zip', Buffer.from(archive))).toEqual({ status: 200, body: [] });
    expect((await get('/flows/company.team/b?source=true')).body).toMatchObject({
      revision: 3,
      source: flowSource('b', 'description: b\n'),
    });
  });
});

describe('imports of archives', () => {
  it('take YAML files whatever folder they are in, and tell which failed', async () => {
    const archive = await zipOf({
      'deep/down/a.yml': flowSource('a'),
      'two.YAML': `${flowSource('b')}---\n${flowSource('c')}`,
      'bad ü.yml': 'id: x\n',
      'readme.md': '# hello',
    });
    expect(await upload('/flows/import', 'x.ZIP', archive)).toEqual({ status: 200, body: ['bad ü.yml'] });
    expect((await get('/flows/company.team')).body.map((flow: { id: string }) => flow.id)).toEqual(['a', 'b', 'c']);
  });

  it('refuse archives that unpack to very much, or have very many entries', async () => {
    const bomb = await zipOf({ 'a.yml': Buffer.alloc(40 * 1024 * 1024, '#') });
    expect(bomb.length).toBeLessThan(1024 * 1024);
    expect(await upload('/flows/import', 'a.zip', bomb)).toMatchObject({
      status: 413,
      body: { message: expect.stringContaining('unpacks to more than') },
    });
    const many = await zipOf(Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`${i}.yml`, ''])));
    expect((await upload('/flows/import', 'a.zip', many)).status).toBe(413);
    const documents = await zipOf({ 'a.yml': 'a\n---\n'.repeat(6000), 'b.yml': 'a\n---\n'.repeat(6000) });
    expect((await upload('/flows/import', 'a.zip', documents)).status).toBe(422);
  });

  it('an entry that unpacks to more than it says is given up', async () => {
    const honest = await zipOf({ 'a.yml': `${flowSource('a')}${'#'.repeat(100_000)}` });
    const lying = Buffer.from(honest);
    // The size unpacked, in the directory at the archive's end.
    const entry = lying.lastIndexOf(Buffer.from('PK\u0001\u0002'));
    lying.writeUInt32LE(100, entry + 24);
    expect((await upload('/flows/import', 'a.zip', lying)).status).toBe(422);
    expect((await get('/flows/company.team')).body).toEqual([]);
  });
});
