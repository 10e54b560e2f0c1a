import { definitions } from '@tiercel/plugin-core';
import { createRegistry, defineFlowable, defineTask, defineTaskRunner, type PluginRegistry } from '@tiercel/plugin-kit';
import { z } from 'zod';

const tasks = z.array(z.looseObject({}));
const noRun = (): Promise<undefined> => Promise.resolve(undefined);

/** A few tasks, enough for tests of the parser, which do nothing; all triggers and conditions. */
export const testRegistry: PluginRegistry = createRegistry([
  defineTask({
    type: 'io.kestra.plugin.core.log.Log',
    aliases: ['io.kestra.core.tasks.log.Log'],
    title: 'Log',
    lane: 'inline',
    properties: z.object({
      message: z.union([z.string(), z.array(z.string())]),
      level: z.enum(['INFO', 'WARN']).optional(),
    }),
    run: noRun,
  }),
  defineTask({
    type: 'io.kestra.plugin.core.debug.Return',
    title: 'Return',
    lane: 'inline',
    properties: z.object({ format: z.string().optional() }),
    run: noRun,
  }),
  defineTask({
    type: 'io.kestra.plugin.scripts.shell.Commands',
    title: 'Commands',
    lane: 'worker',
    properties: z.object({
      commands: z.array(z.preprocess((value) => (typeof value === 'number' ? String(value) : value), z.string())),
      env: z.record(z.string(), z.string()).optional(),
      retries: z.number().int().optional(),
      taskRunner: z.looseObject({ type: z.string() }).optional(),
    }),
    run: noRun,
  }),
  defineTask({
    type: 'io.kestra.plugin.core.flow.Subflow',
    title: 'Subflow',
    lane: 'worker',
    properties: z.object({ namespace: z.string(), flowId: z.string() }),
    run: noRun,
  }),
  defineTaskRunner({
    type: 'io.kestra.plugin.core.runner.Process',
    title: 'Process',
    properties: z.object({ grace: z.string().optional() }),
    bind: () => ({ run: () => Promise.resolve({ exitCode: 0 }) }),
  }),
  defineFlowable({
    type: 'io.kestra.plugin.core.flow.Sequential',
    title: 'Sequential',
    properties: z.object({ tasks: tasks.min(1), errors: tasks.optional() }),
  }),
  defineFlowable({
    type: 'io.kestra.plugin.core.flow.If',
    title: 'If',
    // oxlint-disable-next-line unicorn/no-thenable -- the language calls it so
    properties: z.object({ condition: z.string(), then: tasks, else: tasks.optional(), errors: tasks.optional() }),
  }),
  defineFlowable({
    type: 'io.kestra.plugin.core.flow.Switch',
    title: 'Switch',
    properties: z.object({
      value: z.string(),
      cases: z.record(z.string(), tasks).optional(),
      defaults: tasks.optional(),
    }),
  }),
  defineFlowable({
    type: 'io.kestra.plugin.core.flow.Dag',
    title: 'Dag',
    properties: z.object({ tasks: z.array(z.looseObject({})), errors: tasks.optional() }),
  }),
  // The real ones: they are the language, and nothing of them runs here.
  ...definitions.filter(({ kind }) => kind === 'trigger' || kind === 'condition'),
]);
