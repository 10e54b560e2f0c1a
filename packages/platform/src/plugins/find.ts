import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, extname, isAbsolute, join, resolve } from 'node:path';
import { PlatformError } from '../platform-error.ts';

/** Where plugins from outside are. */
export interface PluginPlaces {
  /** Names of modules, or paths of packages and files. */
  readonly plugins: readonly string[];
  /** Folder of which each entry is a package or a file. */
  readonly pluginFolder?: string | undefined;
}

/** A plugin on disk. */
export interface FoundPlugin {
  /** File of its code. */
  readonly file: string;
  readonly name: string;
  readonly description?: string;
  readonly version?: string;
}

/** Finds all plugins, those of the folder first; relative paths and names start at `cwd`. Throws PlatformError. */
export async function findPlugins(
  { plugins, pluginFolder }: PluginPlaces,
  cwd: string,
): Promise<readonly FoundPlugin[]> {
  const inFolder = pluginFolder === undefined ? [] : await entriesOf(resolve(cwd, pluginFolder));
  const named = plugins.map((plugin) => pluginAt(isPath(plugin) ? resolve(cwd, plugin) : packageFolder(plugin, cwd)));
  return [...inFolder.map(pluginAt), ...named];
}

const isPath = (plugin: string): boolean => plugin.startsWith('.') || isAbsolute(plugin) || isCode(plugin);
const isCode = (path: string): boolean => extname(path) === '.mjs';

/** Files with code, and folders of packages; all else (a README, `node_modules`) is none of them. */
async function entriesOf(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter(({ name }) => isCode(name) || existsSync(join(folder, name, 'package.json')))
      .map(({ name }) => join(folder, name))
      .toSorted();
  } catch (error) {
    throw new PlatformError(
      `The folder of plugins ${folder} cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)}).`,
      { cause: error },
    );
  }
}

/** As Node.js finds a package: in `node_modules` here or further up. */
function packageFolder(name: string, cwd: string): string {
  for (let at = cwd; ; at = dirname(at)) {
    const folder = join(at, 'node_modules', name);
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (at === dirname(at))
      throw new PlatformError(
        `The plugin ${name} is not installed: there is no node_modules/${name} in ${cwd} or above it.`,
      );
  }
}

function pluginAt(path: string): FoundPlugin {
  if (isCode(path)) {
    if (!existsSync(path)) throw new PlatformError(`The plugin ${path} does not exist.`);
    return { file: path, name: basename(path, extname(path)) };
  }
  const manifest = manifestOf(join(path, 'package.json'));
  const text = (key: string): string | undefined => {
    const value = manifest[key];
    return typeof value === 'string' ? value : undefined;
  };
  const [description, version] = [text('description'), text('version')];
  const entry = entryOf(manifest['exports']) ?? text('main') ?? 'index.js';
  return {
    file: join(path, entry),
    name: text('name') ?? basename(path),
    ...(description === undefined ? {} : { description }),
    ...(version === undefined ? {} : { version }),
  };
}

type Manifest = Readonly<Record<string, unknown>>;
const isMap = (value: unknown): value is Manifest => typeof value === 'object' && value !== null;

function manifestOf(file: string): Manifest {
  try {
    const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (isMap(manifest)) return manifest;
    throw new SyntaxError('it is no map');
  } catch (error) {
    throw new PlatformError(`The plugin of ${file} cannot be read: ${(error as Error).message}.`, { cause: error });
  }
}

const CONDITIONS = ['.', 'node', 'import', 'default'];

/** The file that `exports` of a package names for an import of the package itself. */
function entryOf(exports: unknown): string | undefined {
  if (typeof exports === 'string') return exports;
  if (!isMap(exports)) return undefined;
  for (const [key, value] of Object.entries(exports)) {
    const found = CONDITIONS.includes(key) ? entryOf(value) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}
