import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, opendir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, resolve, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type RunContext, TaskFailure } from '@tiercel/plugin-kit';
import { namespaceSelection, outputSelection } from './globs.ts';
import type { ScriptProperties } from './properties.ts';

const SCHEME = 'kestra://';
/** An address inside a command; what follows it in the command is not a part of it. */
const ADDRESS = /kestra:\/\/\/[-\p{L}\p{N}%._~+=@,/]*/gu;
/** More output files than this are a mistake in the globs. */
const MAX_OUTPUT_FILES = 10_000;

/** Copies the wanted namespace files to the same relative paths; a file that exists there already is an error. */
export async function writeNamespaceFiles(
  context: RunContext,
  folder: string,
  settings: NonNullable<ScriptProperties['namespaceFiles']>,
): Promise<void> {
  if (!settings.enabled) return;
  const isWanted = namespaceSelection(settings.include, settings.exclude);
  for (const path of await context.storage.namespaceFiles()) {
    if (!isWanted(path)) continue;
    const target = inside(folder, path.slice(1), 'namespaceFiles');
    await save(await context.storage.openNamespaceFile(path), target, 'wx');
  }
}

/** Writes `inputFiles`: names and contents are rendered; a `kestra://` content is replaced by that file's bytes. */
export async function writeInputFiles(
  context: RunContext,
  folder: string,
  inputFiles: NonNullable<ScriptProperties['inputFiles']>,
): Promise<void> {
  for (const [name, content] of await inputFileEntries(context, inputFiles)) {
    const target = inside(folder, name, 'inputFiles');
    if (content.startsWith(SCHEME)) {
      await save(await context.storage.open(content), target, 'w');
    } else {
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, content);
    }
  }
}

async function inputFileEntries(
  context: RunContext,
  inputFiles: NonNullable<ScriptProperties['inputFiles']>,
): Promise<[string, string][]> {
  if (typeof inputFiles === 'string') {
    const files = await context.map(inputFiles);
    // Null makes an empty file in this form (execution-semantics.md §15.2).
    return Object.entries(files ?? {}).map(([name, content]) => [name, asText(content ?? '')]);
  }
  const given = Object.entries(inputFiles).filter(([, content]) => content !== null && content !== undefined);
  const rendered = await context.structure<Record<string, unknown>>(Object.fromEntries(given));
  return Object.entries(rendered).map(([name, content]) => [name, asText(content)]);
}

const asText = (content: unknown): string => (typeof content === 'string' ? content : JSON.stringify(content));

async function save(source: Readable, target: string, flags: 'w' | 'wx'): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  try {
    await pipeline(source, createWriteStream(target, { flags }));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      throw new TaskFailure(
        `\`namespaceFiles\`: the file '${basename(target)}' exists already in the working directory`,
        {
          cause: error,
        },
      );
    }
    throw error;
  }
}

/** The path of a name inside a folder; a name that leads out of it is refused. */
function inside(folder: string, name: string, property: string): string {
  const path = resolve(folder, name);
  if (!path.startsWith(folder + sep)) {
    throw new TaskFailure(
      `\`${property}\`: '${name}' leads out of the working directory; use a relative path inside it`,
    );
  }
  return path;
}

/** Downloads stored files that commands name by their addresses, each once. */
export class CommandFiles {
  readonly #context: RunContext;
  readonly #folder: string;
  readonly #local = new Map<string, string>();

  constructor(context: RunContext, folder: string) {
    this.#context = context;
    this.#folder = folder;
  }

  /** The command with every address replaced by the path of a local copy. */
  async localised(command: string): Promise<string> {
    for (const [address] of command.matchAll(ADDRESS)) {
      if (!this.#local.has(address)) this.#local.set(address, await this.#download(address));
    }
    return command.replace(ADDRESS, (address) => this.#local.get(address) ?? address);
  }

  /** Local copies are no outputs. */
  isLocalCopy(path: string): boolean {
    return [...this.#local.values()].includes(path);
  }

  async #download(address: string): Promise<string> {
    const target = join(this.#folder, `.download-${this.#local.size + 1}${extname(address)}`);
    await save(await this.#context.storage.open(address), target, 'wx');
    return target;
  }
}

/** Stores the files of a folder that match; answers addresses by relative paths. */
export async function storeOutputFiles(
  context: RunContext,
  folder: string,
  globs: readonly string[],
  isSkipped: (path: string) => boolean = () => false,
): Promise<Record<string, string>> {
  const stored: Record<string, string> = {};
  if (globs.length === 0) return stored;
  const matches = outputSelection(globs, folder);
  let count = 0;
  for await (const path of filesBelow(folder)) {
    const name = relative(folder, path);
    if (isSkipped(path) || !matches(name)) continue;
    count += 1;
    if (count > MAX_OUTPUT_FILES) {
      throw new TaskFailure(
        `\`outputFiles\` match more than ${MAX_OUTPUT_FILES} files: use narrower patterns, or one archive`,
      );
    }
    // Two files of one name in different folders must not meet in the storage.
    const prefix = createHash('sha256').update(name).digest('hex').slice(0, 16);
    stored[name] = await context.storage.putFile(path, `${prefix}-${basename(path)}`);
  }
  return stored;
}

/** All files below a folder, one directory after the other in order of names; links to directories are not followed. */
async function* filesBelow(folder: string): AsyncGenerator<string> {
  const entries = [];
  for await (const entry of await opendir(folder)) entries.push(entry);
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile() || (entry.isSymbolicLink() && (await isFile(path)))) yield path;
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    // A link that leads nowhere is no file.
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ELOOP')) return false;
    throw error;
  }
}
