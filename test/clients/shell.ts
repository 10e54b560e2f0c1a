import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

export const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

/** Runs a command line as it stands in the documentation; answers what it prints, and throws when it fails. */
export async function shell(
  line: string,
  options: { readonly cwd: string; readonly ms?: number; readonly input?: string },
): Promise<string> {
  const child = spawn('sh', ['-c', line], { cwd: options.cwd, stdio: ['pipe', 'pipe', 'pipe'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), options.ms ?? 60_000);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  child.stdin.end(options.input ?? '');
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  if (code !== 0) throw new Error(`${line}\nended with ${code}: ${stderr.slice(-2000)}${stdout.slice(-500)}`);
  return stdout;
}
