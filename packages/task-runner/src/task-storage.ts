import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import type { TaskJob } from '@tiercel/contracts';
import { TaskFailure, type TaskStorage } from '@tiercel/plugin-kit';
import type { Storage, StorageLayout } from '@tiercel/storage';

/** A listing of namespace files longer than this is refused. */
const MAX_NAMESPACE_FILES = 100_000;

/** The internal storage as one task run sees it. */
export class TaskRunStorage implements TaskStorage {
  readonly #storage: Storage;
  readonly #layout: StorageLayout;
  readonly #job: TaskJob;

  constructor(storage: Storage, layout: StorageLayout, job: TaskJob) {
    this.#storage = storage;
    this.#layout = layout;
    this.#job = job;
  }

  async put(name: string, content: Readable | Buffer | string): Promise<string> {
    const folder = this.#layout.taskRunFolder(this.#job, this.#job.task.id, this.#job.taskRunId);
    const path = `${folder}/${this.#layout.safeFileName(name)}`;
    await this.#storage.put(this.#job.tenant, path, content);
    return this.#layout.toUri(path);
  }

  async putFile(path: string, name = basename(path)): Promise<string> {
    // Opened first: a missing file is then told as such, before anything is written.
    const file = await open(path);
    const content = createReadStream(path, { fd: file });
    try {
      return await this.put(name, content);
    } finally {
      content.destroy();
    }
  }

  async open(uri: string): Promise<Readable> {
    return this.#storage.get(this.#job.tenant, this.#layout.fromUri(uri));
  }

  async size(uri: string): Promise<number> {
    const entry = await this.#storage.stat(this.#job.tenant, this.#layout.fromUri(uri));
    if (entry?.type !== 'File') throw new TaskFailure(`Unable to find file '${uri}'`);
    return entry.size;
  }

  async delete(uri: string): Promise<boolean> {
    return this.#storage.delete(this.#job.tenant, this.#layout.fromUri(uri));
  }

  async namespaceFiles(namespace = this.#job.namespace): Promise<readonly string[]> {
    const root = this.#layout.namespaceFilesRoot(namespace);
    const paths: string[] = [];
    for await (const entry of this.#storage.walk(this.#job.tenant, root)) {
      if (paths.length === MAX_NAMESPACE_FILES) {
        throw new TaskFailure(`the namespace '${namespace}' has more than ${MAX_NAMESPACE_FILES} files`);
      }
      paths.push(entry.path.slice(root.length));
    }
    return paths;
  }

  async openNamespaceFile(path: string, namespace = this.#job.namespace): Promise<Readable> {
    return this.#storage.get(this.#job.tenant, this.#layout.namespaceFile(namespace, path));
  }

  async putNamespaceFile(
    path: string,
    content: Readable | Buffer | string,
    namespace = this.#job.namespace,
  ): Promise<void> {
    await this.#storage.put(this.#job.tenant, this.#layout.namespaceFile(namespace, path), content);
  }

  async deleteNamespaceFile(path: string, namespace = this.#job.namespace): Promise<boolean> {
    return this.#storage.delete(this.#job.tenant, this.#layout.namespaceFile(namespace, path), {
      pruneUpTo: this.#layout.namespaceFilesRoot(namespace),
    });
  }
}
