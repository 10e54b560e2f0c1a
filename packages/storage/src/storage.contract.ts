import { createHash } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Storage, StoredEntry } from './port.ts';
import { NAMES, uneven } from './test-data.ts';

/** What the suite needs of an implementation: an empty storage, and how to remove it again. */
export interface ContractSubject {
  readonly storage: Storage;
  remove(): Promise<void>;
}

const T = 'main';
const MIB = 1024 * 1024;
const collect = async (entries: AsyncIterable<StoredEntry>): Promise<string[]> => {
  const paths: string[] = [];
  for await (const entry of entries) paths.push(entry.path);
  return paths;
};

/** The rules of the port, to be held by every implementation. */
export function storageContract(name: string, create: () => Promise<ContractSubject>): void {
  describe(`storage contract: ${name}`, () => {
    let subject: ContractSubject;
    let storage: Storage;
    beforeEach(async () => {
      subject = await create();
      storage = subject.storage;
    });
    afterEach(async () => {
      await storage.close();
      await subject.remove();
    });
    const read = async (path: string): Promise<string> => text(await storage.get(T, path));
    const code = (wanted: string): unknown => expect.objectContaining({ name: 'StorageError', code: wanted });

    test('what was put comes back, from texts, buffers and streams', async () => {
      expect(await storage.put(T, '/a/b/text.txt', 'grüße')).toBe(7);
      expect(await storage.put(T, '/a/b/bytes', Buffer.from([0, 255, 10]))).toBe(3);
      expect(await storage.put(T, '/a/b/stream', Readable.from([Buffer.from('one '), Buffer.from('two')]))).toBe(7);
      expect(await storage.put(T, '/a/b/empty', Readable.from([]))).toBe(0);
      expect(await read('/a/b/text.txt')).toBe('grüße');
      expect([...(await buffer(await storage.get(T, '/a/b/bytes')))]).toEqual([0, 255, 10]);
      expect(await read('/a/b/stream')).toBe('one two');
      expect(await read('/a/b/empty')).toBe('');
    });

    test('a second put replaces the file', async () => {
      await storage.put(T, '/f', 'long content');
      await storage.put(T, '/f', 'x');
      expect(await read('/f')).toBe('x');
    });

    test('a put that fails leaves nothing, or what was there', async () => {
      const broken = (): Readable =>
        Readable.from(
          (async function* () {
            yield Buffer.from('half');
            throw new Error('the source broke');
          })(),
        );
      await expect(storage.put(T, '/new', broken())).rejects.toThrow('the source broke');
      expect(await storage.stat(T, '/new')).toBeUndefined();
      await storage.put(T, '/old', 'whole');
      await expect(storage.put(T, '/old', broken())).rejects.toThrow('the source broke');
      expect(await read('/old')).toBe('whole');
      expect((await storage.list(T, '/'))?.map((e) => e.path)).toEqual(['/old']);
    });

    test('a large stream passes in pieces', async () => {
      const piece = Buffer.alloc(64 * 1024, 'x');
      const pieces = 160;
      const source = Readable.from(
        (function* () {
          for (let i = 0; i < pieces; i += 1) yield piece;
        })(),
      );
      expect(await storage.put(T, '/large', source)).toBe(pieces * piece.length);
      let size = 0;
      for await (const chunk of await storage.get(T, '/large')) size += (chunk as Buffer).length;
      expect(size).toBe(pieces * piece.length);
    });

    test('a large stream of uneven pieces comes back as it was, whole and in ranges', async () => {
      const size = 20 * MIB + 12_345;
      const chunks = uneven(size);
      expect(await storage.put(T, '/d/large', Readable.from(chunks()))).toBe(size);
      expect((await storage.stat(T, '/d/large'))?.size).toBe(size);
      const sent = createHash('sha256');
      for (const chunk of chunks()) sent.update(chunk);
      const got = createHash('sha256');
      for await (const chunk of await storage.get(T, '/d/large')) got.update(chunk as Buffer);
      expect(got.digest('hex')).toBe(sent.digest('hex'));
      const [start, end] = [8 * MIB - 2, 8 * MIB + 1];
      const middle = await buffer(await storage.get(T, '/d/large', { start, end }));
      expect([...middle]).toEqual([start, start + 1, start + 2, start + 3].map((i) => i % 251));
    });

    test('a large put that fails late leaves what was there', async () => {
      await storage.put(T, '/large', 'old');
      const source = Readable.from(
        (function* () {
          yield* uneven(18 * MIB)();
          throw new Error('the source broke late');
        })(),
      );
      await expect(storage.put(T, '/large', source)).rejects.toThrow('the source broke late');
      expect(await read('/large')).toBe('old');
    });

    test('a source that broke before it was read, and one that was closed, put nothing', async () => {
      const broken = new PassThrough();
      broken.write('half');
      const put = storage.put(T, '/broken', broken);
      broken.destroy(new Error('gone'));
      await expect(put).rejects.toThrow('gone');
      const closed = new PassThrough();
      closed.write('half');
      closed.destroy();
      await expect(storage.put(T, '/closed', closed)).rejects.toThrow();
      expect(await collect(storage.walk(T, '/'))).toEqual([]);
    });

    test('a reader may leave half-way, any number of times', async () => {
      await storage.put(T, '/large', Buffer.alloc(2 * MIB, 'x'));
      for (let i = 0; i < 40; i += 1) {
        const stream = await storage.get(T, '/large');
        // Leaving the loop closes the stream.
        for await (const chunk of stream) {
          expect((chunk as Buffer).length).toBeGreaterThan(0);
          break;
        }
        expect(stream.destroyed).toBe(true);
        (await storage.get(T, '/large')).destroy();
      }
      expect(await read('/large')).toHaveLength(2 * MIB);
    });

    test('empty files', async () => {
      await storage.put(T, '/e/text', '');
      await storage.put(T, '/e/buffer', Buffer.alloc(0));
      await storage.put(T, '/e/stream', Readable.from([]));
      for (const name of ['text', 'buffer', 'stream']) {
        expect(await read(`/e/${name}`)).toBe('');
        expect(await text(await storage.get(T, `/e/${name}`, { start: 0 }))).toBe('');
        expect(await storage.stat(T, `/e/${name}`)).toMatchObject({ type: 'File', size: 0 });
      }
      expect(await collect(storage.walk(T, '/e'))).toEqual(['/e/buffer', '/e/stream', '/e/text']);
    });

    test('ranges are inclusive and end with the file', async () => {
      await storage.put(T, '/digits', '0123456789');
      const range = async (start: number, end?: number): Promise<string> =>
        text(await storage.get(T, '/digits', end === undefined ? { start } : { start, end }));
      expect(await range(0, 0)).toBe('0');
      expect(await range(2, 4)).toBe('234');
      expect(await range(7)).toBe('789');
      expect(await range(8, 100)).toBe('89');
      expect(await range(10)).toBe('');
      await expect(storage.get(T, '/digits', { start: 3, end: 2 })).rejects.toThrow(RangeError);
      await expect(storage.get(T, '/digits', { start: -1 })).rejects.toThrow(RangeError);
    });

    test('what does not exist', async () => {
      await expect(storage.get(T, '/none')).rejects.toEqual(code('not-found'));
      await expect(storage.move(T, '/none', '/x')).rejects.toEqual(code('not-found'));
      expect(await storage.stat(T, '/none')).toBeUndefined();
      expect(await storage.list(T, '/none')).toBeUndefined();
      expect(await collect(storage.walk(T, '/none'))).toEqual([]);
      expect(await storage.delete(T, '/none/deep')).toBe(false);
      expect(await storage.list('other', '/none')).toBeUndefined();
    });

    test('a directory is no file', async () => {
      await storage.put(T, '/d/f', 'x');
      await expect(storage.get(T, '/d')).rejects.toEqual(code('not-found'));
    });

    test('attributes of files and directories', async () => {
      const before = Date.now() - 2000;
      await storage.put(T, '/d/f.txt', 'abc');
      const file = await storage.stat(T, '/d/f.txt');
      expect(file).toMatchObject({ path: '/d/f.txt', type: 'File', size: 3 });
      expect(file?.lastModified).toBeGreaterThan(before);
      expect(file?.created).toBeGreaterThan(before);
      expect(await storage.stat(T, '/d')).toMatchObject({ path: '/d', type: 'Directory', size: 0 });
    });

    test('list answers direct children by name, walk all files by path', async () => {
      for (const path of ['/r/b.txt', '/r/b/2', '/r/b/10', '/r/a/x/y', '/r/c', '/elsewhere']) {
        await storage.put(T, path, path);
      }
      const children = await storage.list(T, '/r');
      expect(children?.map((e) => [e.path, e.type])).toEqual([
        ['/r/a', 'Directory'],
        ['/r/b', 'Directory'],
        ['/r/b.txt', 'File'],
        ['/r/c', 'File'],
      ]);
      expect(await collect(storage.walk(T, '/r'))).toEqual(['/r/a/x/y', '/r/b.txt', '/r/b/10', '/r/b/2', '/r/c']);
      expect(await collect(storage.walk(T, '/'))).toHaveLength(6);
    });

    test('names with blanks, accents and symbols', async () => {
      for (const name of NAMES) await storage.put(T, `/names/${name}`, name);
      for (const name of NAMES) expect(await read(`/names/${name}`)).toBe(name);
      expect(new Set((await storage.list(T, '/names'))?.map((e) => e.path.slice(7)))).toEqual(new Set(NAMES));
      for (const name of NAMES) {
        await storage.makeDirectory(T, `/empty/${name}`);
        await storage.put(T, `/full/${name}/${name}`, name);
      }
      expect((await storage.list(T, '/empty'))?.map((e) => e.type)).toEqual(NAMES.map(() => 'Directory'));
      await storage.move(T, '/full', '/moved');
      for (const name of NAMES) {
        expect(await read(`/moved/${name}/${name}`)).toBe(name);
        await storage.move(T, `/names/${name}`, `/again/${name}`);
        expect(await read(`/again/${name}`)).toBe(name);
        expect(await storage.delete(T, `/again/${name}`)).toBe(true);
        expect(await storage.delete(T, `/empty/${name}`)).toBe(true);
      }
      expect(await storage.delete(T, '/moved')).toBe(true);
      expect(await collect(storage.walk(T, '/'))).toEqual([]);
    });

    test('long names and deep paths are kept, those that are too long refused', async () => {
      const long = `/${'n'.repeat(200)}`;
      const deep = Array.from({ length: 40 }, (_, i) => `/directory-number-${i}`).join('');
      for (const path of [long, deep]) {
        await storage.put(T, path, 'x');
        expect(await read(path)).toBe('x');
      }
      expect(await collect(storage.walk(T, '/'))).toEqual([deep, long]);
      const endless = `/${'x'.repeat(5000)}`;
      await expect(storage.put(T, endless, 'x')).rejects.toEqual(code('bad-path'));
      await expect(storage.get(T, endless)).rejects.toEqual(code('bad-path'));
    });

    test('walk and list go by code points, which is not the order of UTF-16', async () => {
      for (const name of ['🦅', '\uff5e', 'z', 'é', '𝒳/in', 'Z']) await storage.put(T, `/o/${name}`, 'x');
      const wanted = ['/o/Z', '/o/z', '/o/é', '/o/\uff5e', '/o/𝒳', '/o/🦅'];
      expect((await storage.list(T, '/o'))?.map((e) => e.path)).toEqual(wanted);
      expect(await collect(storage.walk(T, '/o'))).toEqual(wanted.map((path) => path.replace('𝒳', '𝒳/in')));
    });

    test('directories of more files than one listing holds', async () => {
      const count = 1100;
      const names = Array.from({ length: count }, (_, i) => `f${String(i).padStart(4, '0')}`);
      const left = names.values();
      const putter = async (): Promise<void> => {
        for (const name of left) await storage.put(T, `/many/${name}`, name);
      };
      await Promise.all(Array.from({ length: 16 }, putter));
      const wanted = names.map((name) => `/many/${name}`);
      expect((await storage.list(T, '/many'))?.map((e) => e.path)).toEqual(wanted);
      expect(await collect(storage.walk(T, '/'))).toEqual(wanted);
      await storage.move(T, '/many', '/moved');
      expect(await collect(storage.walk(T, '/many'))).toEqual([]);
      expect(await read('/moved/f1099')).toBe('f1099');
      expect(await storage.delete(T, '/moved')).toBe(true);
      expect(await collect(storage.walk(T, '/'))).toEqual([]);
    }, 120_000);

    test.each(['relative', '', '/a//b', '/a/', '/../x', '/a/../../x', '/a/.', '/a\\b', '/a\0b'])(
      'the path %j is refused by every operation',
      async (path) => {
        await expect(storage.put(T, path, 'x')).rejects.toEqual(code('bad-path'));
        await expect(storage.get(T, path)).rejects.toEqual(code('bad-path'));
        await expect(storage.stat(T, path)).rejects.toEqual(code('bad-path'));
        await expect(storage.list(T, path)).rejects.toEqual(code('bad-path'));
        await expect(collect(storage.walk(T, path))).rejects.toEqual(code('bad-path'));
        await expect(storage.makeDirectory(T, path)).rejects.toEqual(code('bad-path'));
        await expect(storage.move(T, path, '/x')).rejects.toEqual(code('bad-path'));
        await expect(storage.move(T, '/x', path)).rejects.toEqual(code('bad-path'));
        await expect(storage.delete(T, path)).rejects.toEqual(code('bad-path'));
      },
    );

    test.each(['', '..', '.', 'a/b', '.uploads', 'a\0'])('the tenant %j is refused', async (tenant) => {
      await expect(storage.put(tenant, '/x', 'x')).rejects.toEqual(code('bad-path'));
      await expect(storage.list(tenant, '/')).rejects.toEqual(code('bad-path'));
    });

    test('the root is neither written nor moved nor removed', async () => {
      await expect(storage.put(T, '/', 'x')).rejects.toEqual(code('bad-path'));
      await expect(storage.move(T, '/', '/x')).rejects.toEqual(code('bad-path'));
      await expect(storage.delete(T, '/')).rejects.toEqual(code('bad-path'));
    });

    test('tenants do not see each other', async () => {
      await storage.put(T, '/f', 'mine');
      await storage.put('other', '/f', 'theirs');
      expect(await read('/f')).toBe('mine');
      expect(await storage.delete('other', '/f')).toBe(true);
      expect(await read('/f')).toBe('mine');
    });

    test('directories can be made and stay when empty', async () => {
      await storage.makeDirectory(T, '/d/e');
      await storage.makeDirectory(T, '/d/e');
      expect(await storage.stat(T, '/d/e')).toMatchObject({ type: 'Directory' });
      expect(await storage.list(T, '/d/e')).toEqual([]);
      expect((await storage.list(T, '/d'))?.map((e) => e.path)).toEqual(['/d/e']);
    });

    test('a file and a directory cannot have one path', async () => {
      await storage.put(T, '/f', 'x');
      await expect(storage.put(T, '/f/below', 'x')).rejects.toEqual(code('exists'));
      await expect(storage.makeDirectory(T, '/f/below')).rejects.toEqual(code('exists'));
      await expect(storage.makeDirectory(T, '/f')).rejects.toEqual(code('exists'));
      await storage.put(T, '/d/x', 'x');
      await expect(storage.put(T, '/d', 'x')).rejects.toEqual(code('exists'));
      await expect(storage.move(T, '/d', '/f/below')).rejects.toEqual(code('exists'));
      await expect(storage.move(T, '/f', '/d')).rejects.toEqual(code('exists'));
      await expect(storage.move(T, '/d', '/f')).rejects.toEqual(code('exists'));
      expect(await read('/f')).toBe('x');
    });

    test('move takes files and whole directories', async () => {
      await storage.put(T, '/a/1', 'one');
      await storage.put(T, '/a/b/2', 'two');
      await storage.put(T, '/target', 'old');
      await storage.move(T, '/a', '/n/e/w');
      expect(await collect(storage.walk(T, '/n'))).toEqual(['/n/e/w/1', '/n/e/w/b/2']);
      expect(await storage.stat(T, '/a')).toBeUndefined();
      await storage.move(T, '/n/e/w/1', '/target');
      expect(await read('/target')).toBe('one');
      await expect(storage.move(T, '/n', '/n/e/deeper')).rejects.toEqual(code('bad-path'));
      expect(await read('/n/e/w/b/2')).toBe('two');
    });

    test('move keeps empty directories, fills an empty one, and spares a full one', async () => {
      await storage.put(T, '/a/f', 'x');
      await storage.makeDirectory(T, '/a/hollow');
      await storage.makeDirectory(T, '/empty');
      await storage.move(T, '/a', '/empty');
      expect((await storage.list(T, '/empty'))?.map((e) => [e.path, e.type])).toEqual([
        ['/empty/f', 'File'],
        ['/empty/hollow', 'Directory'],
      ]);
      await storage.put(T, '/b/other', 'y');
      await expect(storage.move(T, '/b', '/empty')).rejects.toEqual(code('exists'));
      await storage.move(T, '/b', '/b');
      await storage.move(T, '/b/other', '/b/other');
      expect(await collect(storage.walk(T, '/'))).toEqual(['/b/other', '/empty/f']);
    });

    test('delete removes files and whole directories', async () => {
      await storage.put(T, '/a/b/1', 'x');
      await storage.put(T, '/a/b/2', 'x');
      expect(await storage.delete(T, '/a/b/1')).toBe(true);
      expect(await storage.delete(T, '/a/b/1')).toBe(false);
      await storage.put(T, '/ab', 'a neighbour whose name begins alike');
      expect(await storage.delete(T, '/a')).toBe(true);
      expect(await storage.stat(T, '/a/b/2')).toBeUndefined();
      expect(await storage.stat(T, '/a')).toBeUndefined();
      expect(await storage.stat(T, '/ab')).toMatchObject({ type: 'File' });
    });

    test('delete prunes emptied parents up to the given directory', async () => {
      await storage.put(T, '/ns/_files/a/b/c', 'x');
      await storage.put(T, '/ns/_files/a/keep', 'x');
      await storage.delete(T, '/ns/_files/a/b/c', { pruneUpTo: '/ns/_files' });
      expect(await storage.stat(T, '/ns/_files/a/b')).toBeUndefined();
      expect(await storage.stat(T, '/ns/_files/a')).toMatchObject({ type: 'Directory' });
      await storage.delete(T, '/ns/_files/a/keep', { pruneUpTo: '/ns/_files' });
      expect(await storage.list(T, '/ns/_files')).toEqual([]);
      await storage.makeDirectory(T, '/ns/_files/made/by/hand');
      await storage.put(T, '/ns/_files/made/by/hand/f', 'x');
      await storage.delete(T, '/ns/_files/made/by/hand/f', { pruneUpTo: '/ns/_files/made' });
      expect(await storage.list(T, '/ns/_files/made')).toEqual([]);
      await storage.makeDirectory(T, '/ns/_files/kept');
      await storage.put(T, '/ns/_files/kept/f', 'x');
      await storage.delete(T, '/ns/_files/kept/f');
      expect(await storage.list(T, '/ns/_files/kept')).toEqual([]);
    });

    test('writers of one path do not mix; readers see one of the versions', async () => {
      const versions = Array.from({ length: 8 }, (_, i) => String(i).repeat(50_000));
      await Promise.all(versions.map((v) => storage.put(T, '/shared', Readable.from([v.slice(0, 100), v.slice(100)]))));
      expect(versions).toContain(await read('/shared'));
      expect(await collect(storage.walk(T, '/'))).toEqual(['/shared']);
    });
  });
}
