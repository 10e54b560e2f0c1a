import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A file in which a flow is expected. */
export interface FoundFlowFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Another one when the file was written anew or replaced. */
  readonly fingerprint: string;
}

export interface FlowFolderListing {
  /** By path. */
  readonly files: readonly FoundFlowFile[];
  /** Places below the folder that cannot be looked at: nothing is known of what is in them. */
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[];
}

const IS_YAML = /\.ya?ml$/i;

/** Whether a name is that of a flow's file: `.yaml` or `.yml`, not hidden. */
export const isFlowFile = (name: string): boolean => IS_YAML.test(name) && !name.startsWith('.');

/**
 * The files of flows in a folder and below it. What is hidden (`.git`, an editor's own files) is left out. Links are followed, and each
 * folder is gone through once, so that links in a circle end. Throws what the file system says of the folder itself.
 */
export async function listFlowFiles(folder: string): Promise<FlowFolderListing> {
  const files: FoundFlowFile[] = [];
  const unreadable: { path: string; reason: string }[] = [];
  const seen = new Set<string>();
  const lookInto = async (path: string): Promise<void> => {
    const real = await realpath(path);
    if (seen.has(real)) return;
    seen.add(real);
    for (const name of (await readdir(path)).toSorted()) {
      if (!name.startsWith('.')) await look(join(path, name), name);
    }
  };
  const look = async (path: string, name: string): Promise<void> => {
    try {
      const stats = await stat(path, { bigint: true });
      if (stats.isDirectory()) await lookInto(path);
      else if (stats.isFile() && isFlowFile(name)) {
        const { size, mtimeNs, ctimeNs, ino } = stats;
        files.push({ path, size: Number(size), fingerprint: `${ino}:${size}:${mtimeNs}:${ctimeNs}` });
      }
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      // It has gone meanwhile, or is a link to nothing.
      if (code !== 'ENOENT' && code !== 'ENOTDIR') unreadable.push({ path, reason: message });
    }
  };
  await lookInto(folder);
  return { files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)), unreadable };
}
