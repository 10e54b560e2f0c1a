import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { noSuchKey, noSuchUpload, S3Refusal } from './refusal.ts';

/** What is known of an object; its bytes are in the file `data`. */
export interface StoredObject {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly modified: number;
  readonly data: string;
}

interface Place {
  readonly bytes: Buffer;
  readonly key: string;
}

interface PendingUpload {
  readonly key: string;
  readonly parts: Map<number, StoredObject>;
}

/** Bytes on their way in, and the SHA-256 that their signature promises. */
export interface Incoming {
  readonly body: Readable;
  readonly sha256?: string | undefined;
}

/**
 * The objects of one bucket in a folder: their bytes in files of random names, what is known of them in one small file
 * each, so that an object changes by one rename. They outlive the process; unfinished uploads do not.
 */
export class ObjectFolder {
  readonly #root: string;
  readonly #objects = new Map<string, StoredObject>();
  readonly #uploads = new Map<string, PendingUpload>();
  /** In the order of the UTF-8 bytes of their keys. */
  readonly #sorted: Place[] = [];

  private constructor(root: string) {
    this.#root = root;
  }

  static async open(root: string): Promise<ObjectFolder> {
    const folder = new ObjectFolder(root);
    await mkdir(root, { recursive: true });
    const names = await readdir(root);
    for (const name of names.filter((one) => one.endsWith('.json'))) {
      const object = JSON.parse(await readFile(join(root, name), 'utf8')) as StoredObject;
      folder.#objects.set(object.key, object);
      folder.#sorted.push({ bytes: Buffer.from(object.key), key: object.key });
    }
    folder.#sorted.sort((a, b) => Buffer.compare(a.bytes, b.bytes));
    const used = new Set([...folder.#objects.values()].map(({ data }) => data));
    for (const name of names) if (!name.endsWith('.json') && !used.has(name)) await rm(join(root, name));
    return folder;
  }

  /** Keys of uploads that were begun and neither completed nor aborted. */
  get uploads(): readonly { readonly id: string; readonly key: string }[] {
    return [...this.#uploads].map(([id, { key }]) => ({ id, key }));
  }

  get(key: string): StoredObject {
    const object = this.#objects.get(key);
    if (object === undefined) throw noSuchKey();
    return object;
  }

  read(object: StoredObject, start = 0, end = object.size - 1): Readable {
    if (end < start) return Readable.from([]);
    return createReadStream(join(this.#root, object.data), { start, end });
  }

  async put(key: string, incoming: Incoming): Promise<StoredObject> {
    return this.#keep(await this.#receive(key, incoming));
  }

  async delete(key: string): Promise<void> {
    const object = this.#objects.get(key);
    if (object === undefined) return;
    this.#objects.delete(key);
    this.#sorted.splice(this.#placeOf(Buffer.from(key)), 1);
    await rm(this.#about(key), { force: true });
    await this.#drop(object);
  }

  begin(key: string): string {
    const id = randomUUID();
    this.#uploads.set(id, { key, parts: new Map() });
    return id;
  }

  async putPart(id: string, number: number, incoming: Incoming): Promise<StoredObject> {
    const { key } = this.#upload(id);
    const part = await this.#receive(key, incoming);
    // Aborted while it came.
    const { parts } = this.#upload(id);
    parts.set(number, part);
    return part;
  }

  async complete(id: string, numbers: readonly number[]): Promise<StoredObject> {
    const { key, parts } = this.#upload(id);
    const chosen = numbers.map((number) => parts.get(number));
    const root = this.#root;
    async function* bytes(): AsyncGenerator<Buffer> {
      for (const part of chosen) {
        if (part === undefined) throw new S3Refusal(400, 'InvalidPart', 'A part is missing');
        yield* createReadStream(join(root, part.data)) as AsyncIterable<Buffer>;
      }
    }
    const object = await this.put(key, { body: Readable.from(bytes()) });
    await this.abort(id);
    return object;
  }

  async abort(id: string): Promise<void> {
    const { parts } = this.#upload(id);
    this.#uploads.delete(id);
    for (const part of parts.values()) await this.#drop(part);
  }

  /** All objects from a key on, in the order of the UTF-8 bytes of their keys. */
  *from(key: string): Generator<StoredObject> {
    for (let i = this.#placeOf(Buffer.from(key)); i < this.#sorted.length; i += 1) {
      yield this.get(this.#sorted[i]!.key);
    }
  }

  /** Where a key stands among the sorted ones, or would. */
  #placeOf(bytes: Buffer): number {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (Buffer.compare(this.#sorted[middle]!.bytes, bytes) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #upload(id: string): PendingUpload {
    const upload = this.#uploads.get(id);
    if (upload === undefined) throw noSuchUpload();
    return upload;
  }

  #about(key: string): string {
    return join(this.#root, `${createHash('sha256').update(key).digest('hex')}.json`);
  }

  async #receive(key: string, { body, sha256 }: Incoming): Promise<StoredObject> {
    const data = randomUUID();
    const [md5, sha] = [createHash('md5'), createHash('sha256')];
    let size = 0;
    const counted = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        size += chunk.length;
        md5.update(chunk);
        sha.update(chunk);
        done(null, chunk);
      },
    });
    try {
      await pipeline(body, counted, createWriteStream(join(this.#root, data)));
      if (sha256 !== undefined && sha256 !== sha.digest('hex')) {
        throw new S3Refusal(400, 'XAmzContentSHA256Mismatch', 'The body is not what was signed');
      }
    } catch (error) {
      await rm(join(this.#root, data), { force: true });
      throw error;
    }
    return { key, size, etag: md5.digest('hex'), modified: Date.now(), data };
  }

  async #keep(object: StoredObject): Promise<StoredObject> {
    const temporary = join(this.#root, randomUUID());
    await writeFile(temporary, JSON.stringify(object));
    await rename(temporary, this.#about(object.key));
    const old = this.#objects.get(object.key);
    this.#objects.set(object.key, object);
    const bytes = Buffer.from(object.key);
    if (old === undefined) this.#sorted.splice(this.#placeOf(bytes), 0, { bytes, key: object.key });
    if (old !== undefined) await this.#drop(old);
    return object;
  }

  /** Removes bytes; who reads them just now has them open and reads on. */
  async #drop({ data }: StoredObject): Promise<void> {
    await rm(join(this.#root, data), { force: true });
  }
}
