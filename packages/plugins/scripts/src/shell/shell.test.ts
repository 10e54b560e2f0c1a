import { createHarness, type Harness, type HarnessOptions } from '@tiercel/plugin-kit/harness';
import type { TaskFailure, TaskRunnerDefinition } from '@tiercel/plugin-kit';
import { definitions as core } from '@tiercel/plugin-core';
import { afterEach, describe, expect, test } from 'vitest';
import { shellCommands } from './commands.ts';
import { shellScript } from './script.ts';

const taskRunners = core.filter((d): d is TaskRunnerDefinition => d.kind === 'task-runner');
const harnesses: Harness[] = [];
const harnessOf = (options: HarnessOptions = {}): Harness => {
  const render = (template: string, extra: Readonly<Record<string, unknown>>): string =>
    template.replace(/\{\{\s*(\w+)\s*\}\}/g, (_all, name: string) => String(extra[name] ?? `<${name}>`));
  const harness = createHarness({ taskRunners, render, ...options });
  harnesses.push(harness);
  return harness;
};
afterEach(async () => {
  for (const harness of harnesses.splice(0)) await harness.close();
});

const failure = async (run: Promise<unknown>): Promise<TaskFailure> => {
  try {
    await run;
  } catch (error) {
    return error as TaskFailure;
  }
  throw new Error('it did not fail');
};
const messages = (harness: Harness): string[] => harness.logs.map(({ level, message }) => `${level} ${message}`);

describe('outcome', () => {
  test('commands run in one shell; lines of stdout are logged at INFO', async () => {
    const harness = harnessOf();
    const result = await harness.run(shellCommands, { commands: ['x=5', 'echo "x is $x"', 'echo two'] });
    expect(result).toEqual({ outputs: { exitCode: 0, vars: {}, outputFiles: {} }, state: 'SUCCESS' });
    expect(messages(harness)).toEqual(['INFO x is 5', 'INFO two']);
  });

  test('lines on stderr are logged at ERROR and give WARNING, unless that is switched off', async () => {
    const harness = harnessOf();
    expect(await harness.run(shellScript, { script: 'echo oh >&2' })).toMatchObject({ state: 'WARNING' });
    expect(messages(harness)).toEqual(['ERROR oh']);
    expect(await harness.run(shellScript, { script: 'echo oh >&2', warningOnStdErr: false })).toMatchObject({
      state: 'SUCCESS',
    });
  });

  test('another exit code fails with the same outputs', async () => {
    const harness = harnessOf();
    const commands = ['echo \'::{"outputs":{"a":1}}::\'', 'echo partial > part.txt', 'exit 3'];
    const error = await failure(harness.run(shellCommands, { commands, outputFiles: ['*.txt'] }));
    expect(error.message).toBe('Command failed with exit code 3');
    expect(error.outputs).toMatchObject({
      exitCode: 3,
      vars: { a: 1 },
      outputFiles: { 'part.txt': expect.any(String) },
    });
  });

  test('failFast ends at the first failing command; beforeCommands come first', async () => {
    const harness = harnessOf();
    await failure(harness.run(shellCommands, { beforeCommands: ['echo before'], commands: ['false', 'echo after'] }));
    expect(messages(harness)).toEqual(['INFO before']);
    expect(await harness.run(shellCommands, { commands: ['false', 'echo after'], failFast: false })).toMatchObject({
      outputs: { exitCode: 0 },
    });
  });

  test('a kill ends the script and keeps its outputs', async () => {
    const controller = new AbortController();
    const harness = harnessOf({ signal: controller.signal });
    const ready = new Promise<void>((resolve) => {
      const { log } = harness.context.logger;
      harness.context.logger.log = (level, message) => {
        log(level, message);
        resolve();
      };
    });
    const error = failure(harness.run(shellCommands, { commands: ['echo started', 'sleep 600'] }));
    await ready;
    controller.abort(new Error('killed'));
    expect((await error).outputs).toMatchObject({ exitCode: 143 });
  });
});

describe('properties', () => {
  test('interpreter and environment, with the folders', async () => {
    const harness = harnessOf();
    await harness.run(shellCommands, {
      interpreter: ['/bin/bash', '-c'],
      env: { NAME: 'n-{{ workingDir }}', NUMBER: 5 },
      commands: [
        'echo "${BASH_VERSION:+bash} $NUMBER"',
        '[ "$NAME" = "n-$WORKING_DIR" ] && [ "$PWD" = "{{ workingDir }}" ]',
      ],
    });
    expect(messages(harness)).toEqual(['INFO bash 5']);
  });

  test('input files: contents, stored files, folders; nulls are dropped', async () => {
    const harness = harnessOf();
    const uri = await harness.context.storage.put('data.bin', Buffer.from([1, 2, 3]));
    await harness.run(shellCommands, {
      inputFiles: { 'a.txt': 'text of {{ x }}', 'dir/b.bin': uri, 'none.txt': null },
      commands: ['cat a.txt', 'echo', 'wc -c < dir/b.bin', '[ ! -e none.txt ]'],
    });
    expect(messages(harness).map((m) => m.replace(/ +/g, ' '))).toEqual(['INFO text of <x>', 'INFO 3']);
  });

  test('input files as JSON text; null makes an empty file', async () => {
    const harness = harnessOf({ render: (template) => template });
    await harness.run(shellCommands, {
      inputFiles: '{"a.txt": "x", "empty": null}',
      commands: ['cat a.txt', '[ -e empty ] && [ ! -s empty ]'],
    });
    expect(messages(harness)).toEqual(['INFO x']);
  });

  test.each(['../out.txt', '/etc/out.txt', 'a/../../x'])(
    'an input file %s outside the working directory is refused',
    async (name) => {
      const error = await failure(harnessOf().run(shellCommands, { inputFiles: { [name]: 'x' }, commands: ['true'] }));
      expect(error.message).toContain('`inputFiles`');
    },
  );

  test('namespace files by patterns; an existing file is an error', async () => {
    const harness = harnessOf();
    for (const path of ['a.py', 'lib/b.py', 'secret.py', 'c.txt']) {
      await harness.context.storage.putNamespaceFile(path, `content of ${path}`);
    }
    await harness.run(shellCommands, {
      namespaceFiles: { include: ['**/*.py'], exclude: ['secret.py'] },
      commands: ['find . -type f | sort', 'cat lib/b.py && echo'],
    });
    expect(messages(harness)).toEqual(['INFO ./a.py', 'INFO ./lib/b.py', 'INFO content of lib/b.py']);
    const again = await failure(harness.run(shellCommands, { namespaceFiles: { enabled: true }, commands: ['true'] }));
    expect(again.message).toContain('exists already');
  });

  test('output files by globs, of one name in two folders too', async () => {
    const harness = harnessOf();
    const result = await harness.run(shellCommands, {
      commands: ['mkdir -p a b', 'printf 1 > a/x.txt', 'printf 2 > b/x.txt', 'printf 3 > y.csv', 'ln -s /nowhere dead'],
      outputFiles: ['**/*.txt', 'dead'],
    });
    const files = result?.outputs?.['outputFiles'] as Record<string, string>;
    expect(Object.keys(files)).toEqual(['a/x.txt', 'b/x.txt']);
    expect(Object.values(files).map((uri) => harness.files.get(uri)?.toString())).toEqual(['1', '2']);
    expect(files['a/x.txt']).toMatch(/-x\.txt$/);
  });

  test('stored files in commands become local copies, which are no outputs', async () => {
    const harness = harnessOf();
    const uri = await harness.context.storage.put('in.csv', 'a,b');
    const result = await harness.run(shellCommands, {
      commands: [`cat ${uri}; echo; cat '${uri}' > out; case ${uri} in *.csv) echo extension;; esac`],
      outputFiles: ['**'],
    });
    expect(messages(harness)).toEqual(['INFO a,b', 'INFO extension']);
    expect(Object.keys(result?.outputs?.['outputFiles'] as object)).toEqual(['out']);
  });

  test('the output directory', async () => {
    const harness = harnessOf();
    const result = await harness.run(shellCommands, {
      outputDirectory: true,
      commands: ['mkdir {{ outputDir }}/d', 'echo x > {{ outputDir }}/d/f', '[ "$OUTPUT_DIR" = "{{ outputDir }}" ]'],
    });
    expect(Object.keys(result?.outputs?.['outputFiles'] as object)).toEqual(['d/f']);
  });

  test('task runners: PROCESS, one by name, Docker', async () => {
    const harness = harnessOf();
    const commands = ['true'];
    const type = 'io.kestra.plugin.core.runner.Process';
    expect(await harness.run(shellCommands, { commands, runner: 'PROCESS', containerImage: 'alpine' })).toBeDefined();
    expect(await harness.run(shellCommands, { commands, taskRunner: { type } })).toBeDefined();
    expect(await harness.run(shellCommands, { commands, docker: { image: 'x' } })).toBeDefined();
    expect(messages(harness)).toEqual([expect.stringContaining('`docker` has no effect')]);
    expect((await failure(harness.run(shellCommands, { commands, runner: 'DOCKER' }))).message).toContain(
      '`taskRunner`',
    );
    await failure(harness.run(shellCommands, { commands, taskRunner: { type: 'x.Docker' } }));
  });

  test.each([
    {},
    { commands: [] },
    { commands: 'echo' },
    { commands: ['x'], interpreter: [] },
    { commands: ['x'], shell: 1 },
    { commands: ['x'], namespaceFiles: { includes: [] } },
  ])('properties %j are refused', (properties) => {
    expect(shellCommands.properties.strict().safeParse(properties).success).toBe(false);
  });
});

describe('messages to the engine', () => {
  const say = (text: string, to = ''): string => `cat ${to} <<'EOM'\n${text}\nEOM`;

  test('outputs are merged by key, later ones win, nested ones are replaced', async () => {
    const harness = harnessOf({ render: (t) => t });
    const result = await harness.run(shellScript, {
      script: say('::{"outputs":{"a":1,"m":{"x":1}}}::\n::{"outputs":{"b":[true,null],"m":{"y":2}}}::'),
    });
    expect(result?.outputs?.['vars']).toEqual({ a: 1, m: { y: 2 }, b: [true, null] });
    expect(harness.logs).toEqual([]);
  });

  test('metrics: timers in seconds; logs with their level', async () => {
    const harness = harnessOf({ render: (t) => t });
    await harness.run(shellScript, {
      script: say(
        '::{"metrics":[{"name":"rows","type":"counter","value":3,"tags":{"t":1}},{"name":"took","type":"timer","value":1.5}]}::\n' +
          '::{"logs":[{"level":"warn","message":"careful"},{"message":"plain"}],"unknown":1}::',
      ),
    });
    expect(harness.metrics).toEqual([
      { type: 'counter', name: 'rows', value: 3, tags: { t: '1' } },
      { type: 'timer', name: 'took', value: 1500 },
    ]);
    expect(messages(harness)).toEqual(['WARN careful', 'INFO plain']);
  });

  test('what is no message is logged; bad JSON and bad metrics give a warning', async () => {
    const harness = harnessOf({ render: (t) => t });
    const lines = ['x ::{"outputs":{}}::', '::{"outputs":{"a":1}}:: y', '::{bad}::', '::{"metrics":[{"name":"x"}]}::'];
    const result = await harness.run(shellScript, { script: say(lines.join('\n')) });
    expect(result?.outputs?.['vars']).toEqual({});
    expect(messages(harness)).toEqual([
      `INFO ${lines[0]}`,
      `INFO ${lines[1]}`,
      expect.stringMatching(/^WARN Invalid outputs '\{bad\}'/),
      expect.stringMatching(/^WARN Invalid metric/),
    ]);
  });

  test('a message that is nested too deeply gives a warning that names the limit', async () => {
    const harness = harnessOf({ render: (t) => t });
    const repeat = (char: string): string => `$(head -c 100000 /dev/zero | tr '\\0' '${char}')`;
    const script = `a=${repeat('[')}; b=${repeat(']')}; echo '::{"outputs":{"a":'$a$b'}}::'\n${say('::{"outputs":{"b":1}}::')}`;
    const result = await harness.run(shellScript, { script });
    expect(result?.outputs?.['vars']).toEqual({ b: 1 });
    expect(messages(harness)).toEqual([
      expect.stringMatching(/^WARN Invalid outputs .*nested deeper than 200 levels$/),
    ]);
  });

  test('a message on stderr works and counts as a line of stderr', async () => {
    const harness = harnessOf({ render: (t) => t });
    const result = await harness.run(shellScript, { script: say('::{"outputs":{"a":1}}::', '>&2') });
    expect(result).toMatchObject({ state: 'WARNING', outputs: { vars: { a: 1 } } });
  });

  test('outputs without end fail the task', async () => {
    const harness = harnessOf({ render: (t) => t });
    const script = `x=$(head -c 500000 /dev/zero | tr '\\0' y); while :; do echo '::{"outputs":{"a":"'$x'"}}::'; done`;
    expect((await failure(harness.run(shellScript, { script }))).message).toContain('more than 8 MiB');
  });
});
