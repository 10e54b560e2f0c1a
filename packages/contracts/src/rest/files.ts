import { isoDate } from './values.ts';

/** Attributes of a file or directory (rest-api.md §15, FileAttributes); times in ms since 1970, size in bytes. */
export interface FileAttributesJson {
  /** Last segment of the path only. */
  readonly fileName: string;
  readonly lastModifiedTime: number;
  readonly creationTime: number;
  readonly type: 'File' | 'Directory';
  readonly size: number;
}

/** What the mapping needs of a stored entry (the storage's `StoredEntry` fits). */
export interface FileParts {
  readonly path: string;
  readonly type: 'File' | 'Directory';
  readonly size: number;
  readonly lastModified: number;
  readonly created: number;
}

export const fileToJson = (entry: FileParts): FileAttributesJson => ({
  fileName: entry.path.slice(entry.path.replace(/\/+$/, '').lastIndexOf('/') + 1).replace(/\/+$/, ''),
  lastModifiedTime: entry.lastModified,
  creationTime: entry.created,
  type: entry.type,
  size: entry.size,
});

/** An entry of a namespace's list of keys (rest-api.md §9.2). */
export interface KvEntryJson {
  readonly key: string;
  readonly creationDate: string;
  readonly updateDate: string;
  readonly expirationDate?: string;
}

/** What the mapping needs of an entry (the store's `KvEntry` fits). */
export interface KvParts {
  readonly key: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly expiresAt?: number;
}

export const kvToJson = (entry: KvParts): KvEntryJson => ({
  key: entry.key,
  creationDate: isoDate(entry.createdAt),
  updateDate: isoDate(entry.updatedAt),
  ...(entry.expiresAt === undefined ? undefined : { expirationDate: isoDate(entry.expiresAt) }),
});

/** Preview of a file (rest-api.md §7.3). `maxLine` is the limit in force. */
export interface FilePreviewJson {
  readonly extension: string;
  readonly type: 'LIST' | 'MARKDOWN' | 'IMAGE' | 'PDF' | 'TEXT';
  readonly content: unknown;
  readonly maxLine: number;
  readonly truncated: boolean;
}

/** A page of results (rest-api.md §3); `total` counts all matches. */
export interface PagedJson<T> {
  readonly results: readonly T[];
  readonly total: number;
}
