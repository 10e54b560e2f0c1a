import type { Readable } from 'node:stream';
import { load, makeReader } from 'ion-js';
import { ApiError, type FilePreviewJson } from '@tiercel/contracts';
import type { Storage, StoredEntry } from '@tiercel/storage';

export interface PreviewOptions {
  /** Most lines, or rows of a list. */
  readonly maxLine: number;
  /** Character set of a text. */
  readonly encoding: string;
}

/** Bytes of a file that a preview reads at most (rest-api.md §7.3). */
const MAX_BYTES = 2 * 1024 * 1024;
/** Pictures and PDF documents are no use cut off; larger ones are not shown. */
const MAX_BINARY = 20 * 1024 * 1024;
const IMAGES = new Set(['jpg', 'jpeg', 'png', 'svg', 'gif', 'bmp', 'webp']);

interface Head {
  readonly bytes: Buffer;
  readonly more: boolean;
}

async function readHead(storage: Storage, tenant: string, entry: StoredEntry, limit: number): Promise<Head> {
  if (entry.size === 0) return { bytes: Buffer.alloc(0), more: false };
  const content: Readable = await storage.get(tenant, entry.path, { start: 0, end: Math.min(entry.size, limit) - 1 });
  const parts: Buffer[] = [];
  for await (const part of content) parts.push(part as Buffer);
  return { bytes: Buffer.concat(parts), more: entry.size > limit };
}

function decoderOf(encoding: string): InstanceType<typeof TextDecoder> {
  try {
    return new TextDecoder(encoding);
  } catch (error) {
    throw new ApiError('illegalArgument', `Unable to preview using encoding '${encoding}'`, { cause: error });
  }
}

interface Cut {
  readonly lines: readonly string[];
  readonly truncated: boolean;
}

/** The first lines of a text; a line that the limit of bytes cut in two is left out, unless it is the only one. */
function cutLines(text: string, maxLine: number, more: boolean): Cut {
  const lines = text.split(/\r\n|\n|\r/);
  if (lines[lines.length - 1] === '') lines.pop();
  else if (more && lines.length > 1) lines.pop();
  const truncated = more || lines.length > maxLine;
  return { lines: lines.slice(0, maxLine), truncated };
}

/** Preview of a stored file by its extension (rest-api.md §7.3). */
export async function previewFile(
  storage: Storage,
  tenant: string,
  entry: StoredEntry,
  options: PreviewOptions,
): Promise<FilePreviewJson> {
  const extension = /\.([^./]+)$/.exec(entry.path)?.[1]?.toLowerCase() ?? '';
  const { maxLine } = options;
  if (IMAGES.has(extension) || extension === 'pdf') {
    const { bytes, more } = await readHead(storage, tenant, entry, MAX_BINARY);
    if (more)
      throw new ApiError('illegalArgument', `the file is larger than ${MAX_BINARY} bytes, too large for a preview`);
    const type = extension === 'pdf' ? 'PDF' : 'IMAGE';
    return { extension, type, content: bytes.toString('base64'), maxLine, truncated: false };
  }
  const decoder = decoderOf(options.encoding);
  const { bytes, more } = await readHead(storage, tenant, entry, MAX_BYTES);
  const cut = cutLines(decoder.decode(bytes), maxLine, more);
  if (extension === 'ion') return { extension, type: 'LIST', content: ionRows(cut), maxLine, truncated: cut.truncated };
  // A line end after the last line tells that another one follows.
  const content = cut.lines.join('\n') + (cut.truncated ? '\n' : '');
  return { extension, type: extension === 'md' ? 'MARKDOWN' : 'TEXT', content, maxLine, truncated: cut.truncated };
}

/** Rows of an Ion file, one value a line, as JSON. A line that is no Ion is shown as it is. */
const ionRows = ({ lines }: Cut): readonly unknown[] =>
  lines
    .filter((line) => line.trim() !== '')
    .map((line) => {
      try {
        const value = load(makeReader(line));
        return value === null ? null : JSON.parse(JSON.stringify(value));
      } catch (error) {
        return error instanceof Error ? line : String(error);
      }
    });
