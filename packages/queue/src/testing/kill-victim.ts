import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { waitUntil } from '@tiercel/testkit';

/** Runs `victim.ts` as a process of its own until it holds a message, and kills it. */
export async function killVictim(orders: object): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tiercel-victim-'));
  try {
    const outfile = join(folder, 'victim.mjs');
    await build({
      entryPoints: [fileURLToPath(new URL('./victim.ts', import.meta.url))],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      logLevel: 'error',
      external: ['pg-native'],
      banner: { js: "import { createRequire as $r } from 'node:module'; const require = $r(import.meta.url);" },
    });
    const child = spawn(process.execPath, [outfile, JSON.stringify(orders)], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (data: Buffer) => (said += data.toString()));
    const ended = once(child, 'exit');
    try {
      await waitUntil(() => said.includes('taken'), { timeoutMs: 15_000, what: 'the victim' });
    } finally {
      child.kill('SIGKILL');
      await ended;
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
