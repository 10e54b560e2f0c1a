// A child process with a time limit, whose output is kept. The whole process group ends with it.
import { spawn } from 'node:child_process';
import { root } from '../lib.mjs';

/** How much of an output is kept, in characters: the end tells most. */
const KEPT = 400_000;

const running = new Set();

/** Ends a child and everything it started. */
export function endGroup(child, signal = 'SIGKILL') {
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    for (const child of running) endGroup(child, 'SIGTERM');
    process.exit(130);
  });
}

/** Starts a command in a process group of its own; `output()` is what it has written, `ended` its exit code. */
export function start(command, { env = {}, cwd = root } = {}) {
  const [file, ...args] = command;
  const child = spawn(file, args, {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  running.add(child);
  let output = '';
  const keep = (chunk) => {
    output = (output + chunk.toString()).slice(-KEPT);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ended = new Promise((resolve) => {
    child.on('error', (error) => {
      keep(`${file}: ${error.message}\n`);
      running.delete(child);
      resolve(127);
    });
    child.on('close', (code, signal) => {
      running.delete(child);
      resolve(code ?? (signal === null ? 1 : 128));
    });
  });
  return { child, ended, output: () => output };
}

/** Runs a command to its end, or to its time limit (seconds). */
export async function runLimited(command, seconds, options) {
  const { child, ended, output } = start(command, options);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    endGroup(child);
  }, seconds * 1000);
  const code = await ended;
  clearTimeout(timer);
  return { code, output: late ? `${output()}\nended: over its limit of ${seconds} s` : output() };
}
