import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listFlowFiles } from './flow-files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tiercel-files-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function put(path: string, text = 'id: a\n'): Promise<void> {
  await mkdir(join(folder, path, '..'), { recursive: true });
  await writeFile(join(folder, path), text);
}
const found = async (): Promise<readonly string[]> =>
  (await listFlowFiles(folder)).files.map(({ path }) => relative(folder, path));

describe('files of flows', () => {
  it('are found in folders of folders, by path; what is hidden or no YAML is left out', async () => {
    for (const path of ['b.yml', 'a.yaml', 'team/x.YAML', 'team/deep/y.yml', 'team/notes.md', '.git/config.yaml'])
      await put(path);
    await put('.#a.yaml');
    await put('a.yaml~');
    expect(await found()).toEqual(['a.yaml', 'b.yml', 'team/deep/y.yml', 'team/x.YAML']);
  });

  it('are found behind links, as Kubernetes mounts them; links in a circle or to nothing do no harm', async () => {
    await put('..data/a.yaml');
    await put('team/b.yaml');
    await symlink(join('..data', 'a.yaml'), join(folder, 'a.yaml'));
    await symlink('.', join(folder, 'again'));
    await symlink('..', join(folder, 'team', 'up'));
    await symlink('nothing.yaml', join(folder, 'nowhere.yaml'));
    await symlink('loop.yaml', join(folder, 'loop.yaml'));
    const { files, unreadable } = await listFlowFiles(folder);
    expect(files.map(({ path }) => relative(folder, path))).toEqual(['a.yaml', 'team/b.yaml']);
    expect(unreadable.map(({ path }) => relative(folder, path))).toEqual(['loop.yaml']);
  });

  it('have another fingerprint once they were written', async () => {
    await put('a.yaml', 'id: a\n');
    const [before] = (await listFlowFiles(folder)).files;
    await put('a.yaml', 'id: b\n');
    const [after] = (await listFlowFiles(folder)).files;
    expect(after!.fingerprint).not.toBe(before!.fingerprint);
    expect((await listFlowFiles(folder)).files[0]!.fingerprint).toBe(after!.fingerprint);
  });

  it('in a folder that may not be read are told of; a folder that is not there throws', async () => {
    await put('closed/a.yaml');
    await chmod(join(folder, 'closed'), 0o000);
    const { files, unreadable } = await listFlowFiles(folder);
    await chmod(join(folder, 'closed'), 0o700);
    // An administrator may read everything.
    expect(files.length + unreadable.length).toBe(1);
    await expect(listFlowFiles(join(folder, 'none'))).rejects.toThrow('ENOENT');
  });
});
