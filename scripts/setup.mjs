// npm run setup: installs and builds what is not up to date. A second call does nothing and says so by being quick.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { at, checkNode, newest, pnpm, run, step } from './lib.mjs';

checkNode();

const stamp = at('node_modules', '.tiercel-install');
const lock = createHash('sha256')
  .update(readFileSync(at('pnpm-lock.yaml')))
  .digest('hex');
const installed = existsSync(stamp) && readFileSync(stamp, 'utf8') === lock;

/** Installs the locked dependencies, unless they are there. */
export async function install() {
  if (installed) return;
  await step('Installing dependencies', async () => {
    const code = await run([...pnpm, 'install', '--frozen-lockfile', '--prefer-offline'], { quiet: true });
    if (code === 0) {
      mkdirSync(at('node_modules'), { recursive: true });
      writeFileSync(stamp, lock);
    }
    return code;
  });
}

/** Builds the server, unless it is newer than all of its sources. */
export async function build() {
  const sources = Math.max(...['packages', 'services', 'prisma', 'scripts/build.mjs'].map((part) => newest(at(part))));
  if (newest(at('dist', 'bin', 'tiercel.mjs'), /^$/) > sources) return;
  await step('Building', () => run([process.execPath, at('scripts', 'build.mjs')], { quiet: true }));
}

if (process.argv[1] === at('scripts', 'setup.mjs')) {
  await install();
  await build();
  process.stdout.write('Tiercel is set up. Try: ./tiercel server local\n');
}
