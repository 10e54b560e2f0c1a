import { dynamicMap, dynamicText, dynamicTexts, fixedBoolean } from '@tiercel/plugin-kit';
import { z } from 'zod';

const patterns = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (typeof value === 'string' ? [value] : value));

const namespaceFiles = z.strictObject({
  enabled: z.boolean().default(true).meta({ title: 'Whether namespace files are put into the working directory.' }),
  include: patterns.optional().meta({
    title: 'Only files that match one of these patterns; all when there are none.',
    description:
      'Globs on the path with its leading slash. One that begins with a letter, digit or `_` matches at any depth.',
  }),
  exclude: patterns.optional().meta({ title: 'No files that match one of these patterns.' }),
});

/** Properties of all script tasks (execution-semantics.md §15.1). */
export const scriptProperties = {
  taskRunner: z
    .looseObject({ type: z.string() })
    .optional()
    .meta({
      title: 'Where the commands run.',
      description:
        'Default is `io.kestra.plugin.core.runner.Process`: processes on the host of the worker. (The reference defaults ' +
        'to Docker, which an embedded server cannot count on.)',
      $dynamic: false,
      $holds: 'task-runner',
    }),
  runner: z
    .enum(['PROCESS', 'DOCKER'])
    .optional()
    .meta({ title: 'Deprecated: use `taskRunner`. Where it is set it decides.', deprecated: true, $dynamic: false }),
  docker: z
    .record(z.string(), z.unknown())
    .optional()
    .meta({ title: 'Deprecated: use `taskRunner`. Options of the Docker runner.', deprecated: true, $dynamic: false }),
  containerImage: dynamicText('Image of the container; only task runners with containers use it.').optional(),
  beforeCommands: dynamicTexts(
    'Commands that run before the others, for instance to install what they need.',
  ).optional(),
  interpreter: z
    .array(z.string())
    .min(1)
    .default(['/bin/sh', '-c'])
    .meta({ title: 'Interpreter; it gets all commands as one last argument.', $dynamic: false }),
  env: dynamicMap('Environment variables over those of the worker.').optional(),
  failFast: fixedBoolean(true, 'Whether the first command that fails ends the task (`set -e`).'),
  warningOnStdErr: fixedBoolean(true, 'Whether anything on stderr makes the state WARNING; a failure stays FAILED.'),
  namespaceFiles: namespaceFiles
    .optional()
    .meta({ title: 'Namespace files to put into the working directory.', $dynamic: false }),
  inputFiles: z
    .union([z.record(z.string(), z.unknown()), z.string()])
    .optional()
    .meta({
      title: 'Files to write into the working directory before the commands run.',
      description:
        'A map of name to content, or JSON text of one. Content that begins with `kestra://` is the stored file.',
      $dynamic: true,
    }),
  outputFiles: dynamicTexts(
    'Globs of files, relative to the working directory, that are stored afterwards.',
  ).optional(),
  outputDirectory: z.boolean().default(false).meta({
    title: 'Deprecated: use `outputFiles`. Gives `{{ outputDir }}`, all of which is stored.',
    deprecated: true,
    $dynamic: false,
  }),
  targetOS: z
    .enum(['LINUX', 'WINDOWS', 'AUTO'])
    .default('AUTO')
    .meta({ title: 'Operating system on which the commands run.', $dynamic: false }),
};

const schema = z.object(scriptProperties);
export type ScriptProperties = z.output<typeof schema>;

/** Outputs of all script tasks (execution-semantics.md §15.2). */
export const scriptOutputs = z.object({
  exitCode: z.int().meta({ title: 'Exit code of the commands.' }),
  vars: z.record(z.string(), z.unknown()).meta({ title: 'Values that the commands gave by `::{"outputs": …}::`.' }),
  outputFiles: z
    .record(z.string(), z.string())
    .meta({ title: 'Addresses of the stored files by their relative paths.' }),
});
