import { mkdir, mkdtemp, readFile, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { toStorageError } from './local-errors.ts';
import { createLocalStorage } from './local-storage.ts';
import { storageContract } from './storage.contract.ts';
import type { Storage } from './port.ts';

storageContract('local disk', async () => {
  const root = await mkdtemp(join(tmpdir(), 'tiercel-storage-'));
  return { storage: await createLocalStorage(root), remove: () => rm(root, { recursive: true }) };
});

describe('local disk', () => {
  let root: string;
  let outside: string;
  let storage: Storage;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'tiercel-storage-'));
    outside = await mkdtemp(join(tmpdir(), 'tiercel-outside-'));
    await writeFile(join(outside, 'secret'), 'outside');
    storage = await createLocalStorage(root);
    await storage.put('main', '/inside/file', 'inside');
  });
  afterEach(async () => {
    await rm(root, { recursive: true });
    await rm(outside, { recursive: true });
  });
  const badPath = expect.objectContaining({ code: 'bad-path' });

  test('links that leave the tenant are refused everywhere and not listed', async () => {
    await symlink(outside, join(root, 'main', 'out'));
    await symlink(join(outside, 'secret'), join(root, 'main', 'file'));
    await storage.put('other', '/f', 'x');
    await symlink(join(root, 'other', 'f'), join(root, 'main', 'neighbour'));
    await expect(storage.get('main', '/out/secret')).rejects.toEqual(badPath);
    await expect(storage.get('main', '/file')).rejects.toEqual(badPath);
    await expect(storage.get('main', '/neighbour')).rejects.toEqual(badPath);
    await expect(storage.put('main', '/out/new', 'x')).rejects.toEqual(badPath);
    await expect(storage.put('main', '/out/deep/new', 'x')).rejects.toEqual(badPath);
    await expect(storage.makeDirectory('main', '/out/dir')).rejects.toEqual(badPath);
    await expect(storage.delete('main', '/out/secret')).rejects.toEqual(badPath);
    await expect(storage.move('main', '/out/secret', '/x')).rejects.toEqual(badPath);
    await expect(storage.move('main', '/inside/file', '/out/x')).rejects.toEqual(badPath);
    expect((await storage.list('main', '/'))?.map((e) => e.path)).toEqual(['/inside']);
    expect(await readdir(outside)).toEqual(['secret']);
  });

  test('a put replaces a link itself; a delete removes it, not its target', async () => {
    await symlink(join(outside, 'secret'), join(root, 'main', 'a'));
    await symlink(outside, join(root, 'main', 'b'));
    await storage.put('main', '/a', 'mine');
    expect(await storage.delete('main', '/b')).toBe(true);
    expect(await text(await storage.get('main', '/a'))).toBe('mine');
    expect(await readFile(join(outside, 'secret'), 'utf8')).toBe('outside');
  });

  test('links within the tenant work and do not make walk run in circles', async () => {
    await symlink(join(root, 'main', 'inside'), join(root, 'main', 'inside', 'loop'));
    await symlink(join(root, 'main', 'inside', 'file'), join(root, 'main', 'alias'));
    expect(await text(await storage.get('main', '/alias'))).toBe('inside');
    const paths: string[] = [];
    for await (const entry of storage.walk('main', '/')) paths.push(entry.path);
    expect(paths).toEqual(['/alias', '/inside/file']);
  });

  test('unfinished uploads of dead processes go at the next start, young ones stay', async () => {
    const uploads = join(root, '.uploads');
    await mkdir(uploads, { recursive: true });
    await writeFile(join(uploads, 'old'), 'x');
    await writeFile(join(uploads, 'young'), 'x');
    await utimes(join(uploads, 'old'), new Date(0), new Date(0));
    await createLocalStorage(root);
    expect(await readdir(uploads)).toEqual(['young']);
  });

  test('nothing is left of uploads, whether they succeeded or failed', async () => {
    await storage.put('main', '/x', 'x');
    await expect(storage.put('main', '/x/y', 'x')).rejects.toThrow();
    expect(await readdir(join(root, '.uploads'))).toEqual([]);
  });

  test('a part that is too long for the file system is a bad path', async () => {
    await expect(storage.put('main', `/${'x'.repeat(300)}`, 'x')).rejects.toEqual(badPath);
  });

  test.each([
    ['ENOSPC', 'no-space'],
    ['EDQUOT', 'no-space'],
    ['EACCES', 'io'],
    ['ENOENT', 'not-found'],
  ])('the system error %s becomes %s', (system, code) => {
    const error = toStorageError(Object.assign(new Error('x'), { code: system }), '/p');
    expect(error).toMatchObject({ name: 'StorageError', code });
  });
});
