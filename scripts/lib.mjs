// What the scripts share: paths, steps with a line each, and running a command so that its output shows only when it fails.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
export const at = (...parts) => join(root, ...parts);

const manifest = JSON.parse(readFileSync(at('package.json'), 'utf8'));

/** The package manager, at the version that this checkout names; `npx` fetches it from the registry that npm is set to. */
export const pnpm = ['npx', '--yes', manifest.packageManager];

/** Runs a command; answers its exit code. `quiet`: output is kept and shown only on failure. */
export function run(command, { quiet = false, cwd = root, env = {} } = {}) {
  return new Promise((resolve) => {
    const [file, ...args] = command;
    const child = spawn(file, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
      shell: process.platform === 'win32',
    });
    const kept = [];
    child.stdout?.on('data', (chunk) => kept.push(chunk));
    child.stderr?.on('data', (chunk) => kept.push(chunk));
    child.on('error', (error) => {
      process.stderr.write(`${file}: ${error.message}\n`);
      resolve(127);
    });
    child.on('close', (code, signal) => {
      if (quiet && code !== 0) process.stderr.write(Buffer.concat(kept));
      resolve(code ?? (signal === 'SIGINT' ? 130 : 1));
    });
  });
}

/** One step of the set-up: a line while it runs, its time when it is done; ends the process when it fails. */
export async function step(name, work) {
  const began = Date.now();
  process.stdout.write(`${process.stdout.isTTY ? '' : '… '}${name}${process.stdout.isTTY ? ' …' : '\n'}`);
  const code = await work();
  const time = `${((Date.now() - began) / 1000).toFixed(1)} s`;
  if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
  if (code !== 0) {
    process.stdout.write(`✗ ${name} failed (${time})\n`);
    process.exit(code);
  }
  process.stdout.write(`✓ ${name} (${time})\n`);
}

/** Newest change below a path, ms; 0 when there is nothing. */
export function newest(path, skip = /node_modules|generated|dist/) {
  if (!existsSync(path)) return 0;
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  let latest = 0;
  for (const entry of readdirSync(path))
    if (!skip.test(entry)) latest = Math.max(latest, newest(join(path, entry), skip));
  return latest;
}

export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  process.stderr.write(`Tiercel needs Node.js 20.19 or newer; this is ${process.version}.\n`);
  process.exit(1);
}
