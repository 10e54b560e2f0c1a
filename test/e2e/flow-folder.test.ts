import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { LocalServer, tiercel, until } from './server.ts';

// Each step starts processes; a busy machine takes its time.
vi.setConfig({ testTimeout: 120_000 });

let root: string;
let folder: string;
let server: LocalServer;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tiercel-flows-'));
  folder = join(root, 'flows');
  await put('hello.yaml', flow('hello', 'company.folder'));
  await put('team/other.yml', flow('other', 'company.folder'));
  await put('broken.yaml', flow('broken', 'company.folder').replace('log.Log', 'log.Lgo'));
  server = await LocalServer.make({}, ['-f', folder]);
});
afterAll(async () => {
  await server.remove();
  await rm(root, { recursive: true, force: true });
});

function flow(id: string, namespace: string, message = 'hi'): string {
  return `id: ${id}\nnamespace: ${namespace}\ntasks:\n  - id: say\n    type: io.kestra.plugin.core.log.Log\n    message: ${message}\n`;
}

async function put(path: string, text: string, below = folder): Promise<void> {
  await mkdir(join(below, path, '..'), { recursive: true });
  await writeFile(join(below, path), text);
}

const revisionOf = async (id: string, namespace = 'company.folder'): Promise<number | undefined> => {
  const answer = await fetch(`${server.url}/api/v1/flows/${namespace}/${id}`);
  return answer.ok ? ((await answer.json()) as { revision: number }).revision : undefined;
};
const untilRevision = (id: string, revision: number | undefined): Promise<true> =>
  until(`revision ${String(revision)} of ${id}`, async () =>
    (await revisionOf(id)) === revision ? (true as const) : undefined,
  );

describe('server local -f', () => {
  test('has the flows of the folder when it is ready, and names mistakes by file and line', async () => {
    expect([await revisionOf('hello'), await revisionOf('other'), await revisionOf('broken')]).toEqual([
      1,
      1,
      undefined,
    ]);
    expect(server.output).toMatch(/broken\.yaml:5:11: Invalid type: io\.kestra\.plugin\.core\.log\.Lgo/);
    expect(server.output).toMatch(/flows: 3 files with flows loaded, 1 with mistakes; changes are watched/);
  });

  test('an edited file is a new revision, a broken one is told and keeps its flow, a new one in a new folder is found', async () => {
    await put('hello.yaml', flow('hello', 'company.folder', 'again'));
    await untilRevision('hello', 2);
    await put('hello.yaml', flow('hello', 'company.folder', '[1'));
    await until('the mistake', () => (/hello\.yaml:\d+:\d+: /.test(server.output) ? true : undefined));
    expect(await revisionOf('hello')).toBe(2);
    // As editors save.
    await put('.hello.yaml.tmp', flow('hello', 'company.folder', 'better'));
    await rename(join(folder, '.hello.yaml.tmp'), join(folder, 'hello.yaml'));
    await untilRevision('hello', 3);
    await put('new/deep/third.yaml', flow('third', 'company.folder'));
    await untilRevision('third', 1);
  });

  test('a file that is renamed keeps its flow; one that is removed takes it along', async () => {
    await rename(join(folder, 'team', 'other.yml'), join(folder, 'renamed.yml'));
    await rm(join(folder, 'hello.yaml'));
    await untilRevision('hello', undefined);
    expect(await revisionOf('other')).toBe(1);
  });

  test('a folder that is not there stops the start with a sentence', async () => {
    const args = ['server', 'standalone', '--port', '0', '--data', join(root, 'd'), '--flow-path', join(root, 'none')];
    const { code, stderr } = await tiercel(args);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^The folder of flows .*none cannot be read: ENOENT/)]);
  });
});

describe('sync, flow namespace update, flow export', () => {
  const onServer = (...args: string[]): ReturnType<typeof tiercel> => tiercel([...args, '--server', server.url]);
  const source = (): string => join(root, 'source');
  const text = (id: string, message?: string): string => flow(id, 'company.sync', message);

  test('a dry run shows the difference, and the sync makes it so', async () => {
    await put('a.yaml', text('a'), source());
    await put('b.yaml', text('b'), source());
    const first = await onServer('sync', source(), '--namespace', 'company.sync');
    expect(first).toMatchObject({ code: 0, stderr: '2 created, 0 updated, 0 deleted, 0 unchanged.\n' });
    await put('a.yaml', text('a', 'changed'), source());
    await rm(join(source(), 'b.yaml'));
    await put('c.yaml', text('c'), source());

    const dry = await onServer('sync', source(), '--namespace', 'company.sync', '--dry-run', '--exit-code');
    expect(dry.code).toBe(1);
    expect(dry.stdout).toMatch(
      /^updated {3}company\.sync\/a .*\ndeleted {3}company\.sync\/b\ncreated {3}company\.sync\/c /,
    );
    expect(dry.stdout).toContain('\n-    message: hi\n+    message: changed\n');
    expect(dry.stderr).toBe('1 created, 1 updated, 1 deleted, 0 unchanged; this was a dry run, nothing was changed.\n');
    expect(await revisionOf('a', 'company.sync')).toBe(1);

    const done = await onServer('sync', source(), '--namespace', 'company.sync');
    expect(done.stdout).toMatch(
      /deleted {3}company\.sync\/b \(revision 2\)\nupdated {3}company\.sync\/a \(revision 2\)/,
    );
    expect(await revisionOf('b', 'company.sync')).toBeUndefined();
    const again = await onServer('sync', source(), '--namespace', 'company.sync', '--dry-run', '--exit-code');
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('2 unchanged') as unknown });
  });

  test('one mistake in any file, and nothing is changed', async () => {
    await put('a.yaml', text('a', 'once more'), source());
    await put('wrong.yaml', flow('w', 'company.other'), source());
    await put('broken.yaml', 'id: x\nnamespace: company.sync\n', source());
    const { code, stderr, stdout } = await onServer('sync', source(), '--namespace', 'company.sync');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('broken.yaml: tasks: must not be empty');
    expect(stderr).toContain('wrong.yaml: its namespace is company.other, not company.sync');
    expect(stderr).toContain('Nothing was changed: 2 files are not valid.');
    expect(await revisionOf('a', 'company.sync')).toBe(2);
  });

  test('a namespace is updated from a folder, and keeps what is not there unless told otherwise', async () => {
    const moved = join(root, 'moved');
    await put('d.yaml', flow('d', 'company.elsewhere'), moved);
    const update = ['flow', 'namespace', 'update', 'company.sync', moved, '--override-namespaces'];
    expect(await onServer(...update)).toMatchObject({ code: 0, stdout: 'created   company.sync/d (revision 1)\n' });
    expect(await revisionOf('a', 'company.sync')).toBe(2);
    const { stdout } = await onServer(...update, '--delete');
    expect(stdout).toMatch(/deleted {3}company\.sync\/a[^]*unchanged company\.sync\/d/);
    expect(await onServer('flow', 'namespace', 'update', 'company.sync', moved)).toMatchObject({ code: 1 });
  });

  test('an export is a folder that a sync finds equal, or an archive', async () => {
    const out = join(root, 'out');
    const { code, stdout } = await onServer('flow', 'export', '--namespace', 'company.sync', '--dir', out);
    expect([code, stdout]).toEqual([0, `${join(out, 'company.sync', 'd.yml')}\n`]);
    const same = ['sync', join(out, 'company.sync'), '--namespace', 'company.sync', '--dry-run', '--exit-code'];
    expect(await onServer(...same)).toMatchObject({ code: 0 });
    const archive = join(root, 'flows.zip');
    expect(await onServer('flow', 'export', '-o', archive)).toMatchObject({ code: 0 });
    const form = new FormData();
    form.append('fileUpload', new Blob([new Uint8Array(await readFile(archive))]), 'flows.zip');
    const imported = await fetch(`${server.url}/api/v1/flows/import`, { method: 'POST', body: form });
    expect(await imported.json()).toEqual([]);
    expect(await revisionOf('d', 'company.sync')).toBe(1);
  });

  test.each([
    [['sync', 'examples'], '--namespace'],
    [['sync', '/no/such/folder', '--namespace', 'a'], '/no/such/folder'],
    [['flow', 'export', '-o', '/no/such/folder/x.zip'], '/no/such/folder/x.zip cannot be written'],
    [['flow', 'export', '-o', 'x.zip', '--dir', 'x'], 'cannot be used with'],
  ])('%j says what is wrong in one sentence, and ends with 2', async (args, message) => {
    const { code, stderr } = await tiercel(args, { env: { TIERCEL_SERVER: server.url } });
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});
