import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEFAULT_OPTIONS, supervise, type SuperviseOptions } from './supervise.ts';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'tiercel-supervise-'));
});
afterEach(async () => {
  await rm(cwd, { recursive: true, force: true });
});

const waitUntil = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  const end = Date.now() + 20_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('the condition did not come true in 20 s');
    await delay(10);
  }
};

/** Zombies count as gone: nobody but init can remove them. */
const alive = async (pid: number): Promise<boolean> => {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(await readFile(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

const pidIn = async (file: string): Promise<number> => {
  await waitUntil(async () => (await readFile(join(cwd, file), 'utf8').catch(() => '')).endsWith('\n'));
  return Number(await readFile(join(cwd, file), 'utf8'));
};

interface Outcome {
  readonly exitCode: number;
  readonly lines: string[];
}

const sh = async (
  script: string,
  options: { signal?: AbortSignal; env?: Record<string, string>; settings?: Partial<SuperviseOptions> } = {},
): Promise<Outcome> => {
  const lines: string[] = [];
  const { exitCode } = await supervise(
    {
      argv: ['/bin/sh', '-c', script],
      cwd,
      env: options.env ?? {},
      onLine: (stream, line) => void lines.push(`${stream}:${line}`),
    },
    options.signal ?? new AbortController().signal,
    { ...DEFAULT_OPTIONS, ...options.settings },
  );
  return { exitCode, lines };
};

describe('results', () => {
  test.each([
    ['exit 0', 0],
    ['exit 3', 3],
    ['exit 255', 255],
    ['kill -TERM $$', 143],
    ['kill -KILL $$', 137],
    ['kill -SEGV $$', 139],
    ['kill -9 0', 137],
    ['no-such-command-anywhere', 127],
  ])('%s gives %i', async (script, code) => {
    expect((await sh(script)).exitCode).toBe(code);
  });

  test('lines of both streams in order, without messages of the guard', async () => {
    const { lines } = await sh('echo one; echo two; printf last; kill -KILL $$');
    expect(lines).toEqual(['stdout:one', 'stdout:two', 'stdout:last']);
    expect((await sh('echo a >&2; echo b >&2')).lines).toEqual(['stderr:a', 'stderr:b']);
  });

  test('/dev/stdout and /dev/stderr can be opened', async () => {
    const { exitCode, lines } = await sh('echo out >/dev/stdout; echo err >/dev/stderr');
    expect(exitCode).toBe(0);
    expect(lines.toSorted()).toEqual(['stderr:err', 'stdout:out']);
  });

  test('input is empty, environment and folder are as given, no descriptor of the guard is inherited', async () => {
    const script =
      'cat; echo "$GIVEN in $PWD"; for n in 3 4 5 6 7 8; do [ ! -e /proc/self/fd/$n ] || echo open $n; done';
    const { lines } = await sh(script, { env: { GIVEN: "it's $x" } });
    expect(lines).toEqual([`stdout:it's $x in ${cwd}`]);
  });

  test('arguments pass as they are', async () => {
    const lines: string[] = [];
    const argv = ['/usr/bin/printf', '%s\\n', '-n', 'a \'b\' "c"', '$HOME', '', '*', 'x\ny'];
    await supervise(
      { argv, cwd, env: {}, onLine: (_stream, line) => void lines.push(line) },
      new AbortController().signal,
    );
    expect(lines).toEqual(['-n', 'a \'b\' "c"', '$HOME', '', '*', 'x', 'y']);
  });

  test('commands that cannot be started say why', async () => {
    await expect(
      supervise(
        { argv: ['x'], cwd: join(cwd, 'none'), env: {}, onLine: () => undefined },
        new AbortController().signal,
      ),
    ).rejects.toThrow('could not be started');
    await expect(sh(`: ${'x'.repeat(200_000)}`)).rejects.toThrow('inputFiles');
    await expect(sh('echo \0')).rejects.toThrow('NUL');
  });
});

describe('background processes', () => {
  test('one that keeps the output open does not hold the task, and is killed', async () => {
    const { exitCode, lines } = await sh('sleep 600 & echo $! > pid; echo done', { settings: { drainGrace: 100 } });
    expect([exitCode, lines]).toEqual([0, ['stdout:done']]);
    const pid = await pidIn('pid');
    await waitUntil(async () => !(await alive(pid)));
  });

  test('one that keeps nothing open is killed too', async () => {
    await sh('sleep 600 >/dev/null 2>&1 & echo $! > pid');
    const pid = await pidIn('pid');
    await waitUntil(async () => !(await alive(pid)));
  });

  test('one that ignores SIGTERM and prints without end does not hold the task either', async () => {
    const { exitCode } = await sh(`(trap '' TERM; while :; do echo x; sleep 0.01; done) & echo $! > pid`, {
      settings: { drainGrace: 20, killGrace: 20 },
    });
    expect(exitCode).toBe(0);
    const pid = await pidIn('pid');
    await waitUntil(async () => !(await alive(pid)));
  });

  test('a slow reader loses nothing of a command that has ended', async () => {
    let lines = 0;
    await supervise(
      {
        argv: ['/bin/sh', '-c', `yes ${'x'.repeat(999)} | head -n 250`],
        cwd,
        env: {},
        onLine: () => {
          lines += 1;
          return delay(1);
        },
      },
      new AbortController().signal,
      { ...DEFAULT_OPTIONS, drainGrace: 10, killGrace: 10 },
    );
    expect(lines).toBe(250);
  });

  test('output of one that ends soon is not lost', async () => {
    const { lines } = await sh('(sleep 0.2; echo late) &');
    expect(lines).toEqual(['stdout:late']);
  });
});

describe('kill', () => {
  test('reaches grandchildren and reports the signal', async () => {
    const controller = new AbortController();
    const running = sh('(sleep 600 & echo $! > grandchild; wait) & wait', { signal: controller.signal });
    const pid = await pidIn('grandchild');
    controller.abort(new Error('killed'));
    expect((await running).exitCode).toBe(143);
    await waitUntil(async () => !(await alive(pid)));
  });

  test('a script that handles SIGTERM may finish and has its exit code and last words', async () => {
    const controller = new AbortController();
    const running = sh(`trap 'echo bye; exit 7' TERM; echo $$ > pid; while :; do sleep 0.05; done`, {
      signal: controller.signal,
    });
    await pidIn('pid');
    controller.abort();
    const { exitCode, lines } = await running;
    // The shell itself may say on stderr that its sleep was terminated.
    expect([exitCode, lines.filter((line) => line.startsWith('stdout'))]).toEqual([7, ['stdout:bye']]);
  });

  test('a script that ignores SIGTERM gets SIGKILL after the grace', async () => {
    const controller = new AbortController();
    const running = sh(`trap '' TERM; sleep 600 & echo $! > child; echo $$ > pid; while :; do sleep 600; done`, {
      signal: controller.signal,
      settings: { killGrace: 50 },
    });
    const pid = await pidIn('pid');
    const child = await pidIn('child');
    controller.abort();
    expect((await running).exitCode).toBe(137);
    await waitUntil(async () => !(await alive(pid)) && !(await alive(child)));
  });

  test('an aborted signal starts nothing', async () => {
    await expect(sh('echo x > started', { signal: AbortSignal.abort(new Error('killed before')) })).rejects.toThrow(
      'killed before',
    );
    await expect(access(join(cwd, 'started'))).rejects.toThrow();
  });

  test('a line handler that fails ends the command with its error', async () => {
    const run = supervise(
      {
        argv: ['/bin/sh', '-c', 'echo $$ > pid; while :; do echo x; done'],
        cwd,
        env: {},
        onLine: async () => {
          throw new Error('no more');
        },
      },
      new AbortController().signal,
    );
    await expect(run).rejects.toThrow('no more');
    const pid = await pidIn('pid');
    await waitUntil(async () => !(await alive(pid)));
  });
});

test('kill -9 of the owner ends the script and its children', async () => {
  // Node 20 runs no TypeScript: the owner is bundled.
  const file = join(cwd, 'owner.mjs');
  const script = `trap '' TERM; (sleep 600 & echo $! > child; wait) & echo $$ > pid; wait`;
  await build({
    stdin: {
      contents: `import { supervise } from './supervise.ts';
        const spec = { argv: ['/bin/sh', '-c', ${JSON.stringify(script)}], cwd: ${JSON.stringify(cwd)}, env: {}, onLine() {} };
        await supervise(spec, new AbortController().signal);`,
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    format: 'esm',
    platform: 'node',
    outfile: file,
  });
  const owner = spawn(process.execPath, [file], { stdio: ['ignore', 'inherit', 'inherit'] });
  const pid = await pidIn('pid');
  const child = await pidIn('child');
  expect(await alive(pid)).toBe(true);
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  await waitUntil(async () => !(await alive(pid)) && !(await alive(child)));
});

test('100 MB of output pass in bounded memory, held back by a slow reader', async () => {
  const before = process.memoryUsage.rss();
  let peak = 0;
  let bytes = 0;
  let waits = 0;
  const result = await supervise(
    {
      argv: ['/bin/sh', '-c', `yes ${'x'.repeat(999)} | head -c 100000000`],
      cwd,
      env: {},
      onLine: (_stream, line) => {
        bytes += line.length + 1;
        if (bytes % 1_000_000 !== 0) return undefined;
        peak = Math.max(peak, process.memoryUsage.rss());
        waits += 1;
        return delay(1);
      },
    },
    new AbortController().signal,
  );
  expect(result.exitCode).toBe(0);
  expect(bytes).toBe(100_000_000);
  expect(waits).toBe(100);
  expect(peak - before).toBeLessThan(64 * 1024 * 1024);
});

test('one line of 20 MB without an end comes in pieces', async () => {
  let longest = 0;
  let total = 0;
  await supervise(
    {
      argv: ['/bin/sh', '-c', 'head -c 20000000 /dev/zero'],
      cwd,
      env: {},
      onLine: (_stream, line) => {
        longest = Math.max(longest, line.length);
        total += line.length;
      },
    },
    new AbortController().signal,
  );
  expect(total).toBe(20_000_000);
  expect(longest).toBeLessThanOrEqual(DEFAULT_OPTIONS.maxLine);
});
