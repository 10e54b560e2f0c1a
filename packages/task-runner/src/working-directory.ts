import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The folder of one attempt: made at the first call, removed at the end. */
export class WorkingDirectory {
  readonly #root: string;
  #folder: Promise<string> | undefined;

  constructor(root: string | undefined) {
    this.#root = root ?? tmpdir();
  }

  path(): Promise<string> {
    return (this.#folder ??= mkdtemp(join(this.#root, 'tiercel-task-')));
  }

  /** Answers why it could not be removed, undefined when it is gone. */
  async remove(): Promise<string | undefined> {
    if (this.#folder === undefined) return undefined;
    try {
      await rm(await this.#folder, { recursive: true, force: true, maxRetries: 3 });
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}
