import { slugify } from '@tiercel/model';
import { pathParts } from './paths.ts';
import { StorageError } from './port.ts';

/** Where an execution stands; ids as written by the user. */
export interface ExecutionPlace {
  readonly namespace: string;
  readonly flowId: string;
  readonly executionId: string;
}

const SCHEME = 'kestra://';

const namespaceRoot = (namespace: string): string => `/${namespace.replaceAll('.', '/')}`;

/** `/<ns>/<flow>/executions/<executionId>`: everything that belongs to one execution. */
export const executionRoot = ({ namespace, flowId, executionId }: ExecutionPlace): string =>
  `${namespaceRoot(namespace)}/${slugify(flowId)}/executions/${executionId}`;

/** File of a FILE input. */
export const inputFile = (place: ExecutionPlace, inputId: string, fileName: string): string =>
  `${executionRoot(place)}/inputs/${inputId}/${fileName}`;

/** Folder of the files that one task run stores. */
export const taskRunFolder = (place: ExecutionPlace, taskId: string, taskRunId: string): string =>
  `${executionRoot(place)}/tasks/${slugify(taskId)}/${taskRunId}`;

/** Folder of the files that a trigger stores for the execution that it is about to start. */
export const triggerFolder = (place: ExecutionPlace, triggerId: string): string =>
  `${executionRoot(place)}/trigger/${slugify(triggerId)}`;

/** Root of a namespace's files. */
export const namespaceFilesRoot = (namespace: string): string => `${namespaceRoot(namespace)}/_files`;

/** A namespace file; the path may begin with a slash or not. */
export const namespaceFile = (namespace: string, path: string): string =>
  `${namespaceFilesRoot(namespace)}/${path.startsWith('/') ? path.slice(1) : path}`;

export const isStorageUri = (text: string): boolean => text.startsWith(SCHEME);

/** `kestra:///…` of a storage path. Paths stand in addresses as they are, nothing is percent-encoded. */
export const toUri = (path: string): string => `${SCHEME}${path}`;

/** The storage path of a `kestra:///…` address. Throws `bad-path` for any other text and for paths with `..`. */
export function fromUri(uri: string): string {
  if (!uri.startsWith(`${SCHEME}/`)) {
    throw new StorageError('bad-path', `'${uri}' is no address of the internal storage: it must begin with kestra:///`);
  }
  const path = uri.slice(SCHEME.length);
  pathParts(path);
  return path;
}

/** True when a path is the folder or lies below it. */
export const isBelow = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/** What a folder of one name may be called safely in a path and in an address: the rest becomes `_`. */
export function safeFileName(name: string): string {
  const cleaned = name.replace(/[^\p{L}\p{N}\p{M}.%+~=@,()_-]/gu, '_').slice(-200);
  return cleaned === '' || cleaned === '.' || cleaned === '..' ? '_' : cleaned;
}

/**
 * The layout of execution-semantics.md §13.2 as one value, for packages that know this package by its types only and
 * get it handed in.
 */
export const storageLayout = {
  executionRoot,
  inputFile,
  taskRunFolder,
  triggerFolder,
  namespaceFilesRoot,
  namespaceFile,
  isStorageUri,
  toUri,
  fromUri,
  isBelow,
  safeFileName,
} as const;

export type StorageLayout = typeof storageLayout;
