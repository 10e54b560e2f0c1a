import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '@tiercel/model';
import { type RunContext, TaskFailure, type TaskOutput } from '@tiercel/plugin-kit';
import { CommandFiles, storeOutputFiles, writeInputFiles, writeNamespaceFiles } from './files.ts';
import type { ScriptProperties } from './properties.ts';
import { LineReader } from './protocol.ts';

const PROCESS = 'io.kestra.plugin.core.runner.Process';

/**
 * Runs the commands of a script task (execution-semantics.md §15.2).
 *
 * @throws TaskFailure with the same outputs when the exit code is not 0
 */
export async function runScript(
  context: RunContext,
  properties: ScriptProperties,
  commands: readonly string[],
): Promise<TaskOutput> {
  const runner = await context.taskRunner(runnerOf(context, properties));
  const folder = await context.workingDir();
  const outputDir = properties.outputDirectory ? join(folder, 'output-directory') : undefined;
  if (outputDir !== undefined) await mkdir(outputDir);
  if (properties.namespaceFiles !== undefined) await writeNamespaceFiles(context, folder, properties.namespaceFiles);
  if (properties.inputFiles !== undefined) await writeInputFiles(context, folder, properties.inputFiles);

  const extra = { workingDir: folder, ...(outputDir === undefined ? {} : { outputDir }) };
  const files = new CommandFiles(context, folder);
  const script = await scriptText(context, properties, commands, files, extra);
  const reader = new LineReader(context);
  const { exitCode } = await runner.run({
    argv: [...properties.interpreter, script],
    env: { ...(await environment(context, properties, extra)), ...folders(folder, outputDir) },
    cwd: folder,
    onLine: reader.take,
  });

  const globs = await context.structure<string[]>(properties.outputFiles ?? [], extra);
  const isSkipped = (path: string): boolean => files.isLocalCopy(path) || isInside(path, outputDir);
  const outputFiles = await storeOutputFiles(context, folder, globs, isSkipped);
  if (outputDir !== undefined) Object.assign(outputFiles, await storeOutputFiles(context, outputDir, ['**']));
  const outputs: JsonObject = { exitCode, vars: reader.vars, outputFiles };
  if (exitCode !== 0) throw new TaskFailure(`Command failed with exit code ${exitCode}`, { outputs });
  return { outputs, state: properties.warningOnStdErr && reader.hasErrorLines ? 'WARNING' : 'SUCCESS' };
}

function runnerOf(context: RunContext, { runner, taskRunner, docker }: ScriptProperties): { type: string } {
  if (runner === 'DOCKER') {
    throw new TaskFailure(
      '`runner: DOCKER` is not available on this server: remove it to run the commands on the host of the worker, ' +
        'or name another task runner in `taskRunner`',
    );
  }
  if (docker !== undefined) {
    context.logger.warn('`docker` has no effect: the commands run on the host of the worker');
  }
  if (runner === 'PROCESS' || taskRunner === undefined) return { type: PROCESS };
  return taskRunner;
}

/** `set -e`, then all commands, each rendered and with local copies of the stored files that it names. */
async function scriptText(
  context: RunContext,
  properties: ScriptProperties,
  commands: readonly string[],
  files: CommandFiles,
  extra: Readonly<Record<string, unknown>>,
): Promise<string> {
  const lines = properties.failFast ? ['set -e'] : [];
  for (const command of [...(properties.beforeCommands ?? []), ...commands]) {
    lines.push(await files.localised((await context.text(command, extra)) ?? ''));
  }
  return lines.join('\n');
}

async function environment(
  context: RunContext,
  properties: ScriptProperties,
  extra: Readonly<Record<string, unknown>>,
): Promise<Record<string, string>> {
  const rendered = await context.structure<Record<string, unknown>>(properties.env ?? {}, extra);
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(rendered)) {
    if (name === '' || /[=\0]/.test(name)) {
      throw new TaskFailure(`\`env\`: '${name}' cannot be the name of an environment variable`);
    }
    if (value === null || value === undefined) continue;
    variables[name] = typeof value === 'string' ? value : JSON.stringify(value);
    if (variables[name].includes('\0')) throw new TaskFailure(`\`env\`: the value of '${name}' holds a NUL character`);
  }
  return variables;
}

const folders = (workingDir: string, outputDir: string | undefined): Record<string, string> => ({
  WORKING_DIR: workingDir,
  ...(outputDir === undefined ? {} : { OUTPUT_DIR: outputDir }),
});

const isInside = (path: string, folder: string | undefined): boolean =>
  folder !== undefined && path.startsWith(`${folder}/`);
