import { INPUT_TYPES } from '@tiercel/model';
import {
  jsonSchemaOf,
  objectSchema,
  pluginSchema,
  type JsonSchema,
  type PluginDefinition,
  type PluginRegistry,
} from '@tiercel/plugin-kit';
import { z } from 'zod';
import { FLOW_PROPERTIES } from '../sections/flow-properties.ts';
import { CONCURRENCY, SLA } from '../sections/limits.ts';
import { FLOW_OUTPUT } from '../sections/outputs.ts';
import { PLUGIN_DEFAULT } from '../sections/plugin-defaults.ts';
import { RETRY } from '../sections/retry.ts';
import { commonProperties } from './common-properties.ts';
import { inputClass, inputSchema } from './input-types.ts';

const CORE = 'io.kestra.core.models.';

/** What of the language has a schema of its own, by the name under which clients ask for it (rest-api.md §13). */
const ROOTS = {
  flow: `${CORE}flows.Flow`,
  template: `${CORE}templates.Template`,
  task: `${CORE}tasks.Task`,
  trigger: `${CORE}triggers.AbstractTrigger`,
  plugindefault: `${CORE}flows.PluginDefault`,
} as const;
export type SchemaKind = keyof typeof ROOTS;

export const SCHEMA_KINDS = Object.keys(ROOTS) as readonly SchemaKind[];

const CONDITION = `${CORE}conditions.Condition`;
const TASK_RUNNER = `${CORE}tasks.runners.TaskRunner`;
const INPUT = `${CORE}flows.Input`;
const RETRIES = `${CORE}tasks.retrys.AbstractRetry`;

type Definitions = Readonly<Record<string, JsonSchema>>;
const made = new WeakMap<PluginRegistry, Definitions>();

/** The JSON Schema (draft-07) of a part of the language with all plugin types; its definitions are made once a registry. */
export function languageSchema(registry: PluginRegistry, kind: SchemaKind, arrayOf = false): JsonSchema {
  let definitions = made.get(registry);
  if (definitions === undefined) made.set(registry, (definitions = allDefinitions(registry)));
  const root = ref(ROOTS[kind]);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    ...(arrayOf ? { type: 'array', items: root } : root),
    definitions,
  };
}

const ref = (name: string): JsonSchema => ({ $ref: `#/definitions/${name}` });
const oneOf = (names: readonly string[]): JsonSchema => ({ oneOf: names.map(ref) });
const listOf = (items: JsonSchema, more: JsonSchema = {}): JsonSchema => ({ type: 'array', items, ...more });

function allDefinitions(registry: PluginRegistry): Definitions {
  const all = registry.all();
  const named = (...kinds: readonly PluginDefinition['kind'][]): JsonSchema =>
    oneOf(all.flatMap(({ kind, type }) => (kinds.includes(kind) ? [type] : [])));
  return {
    [ROOTS.flow]: flowDefinition(),
    [ROOTS.template]: templateDefinition(),
    [ROOTS.task]: named('task', 'flowable'),
    [ROOTS.trigger]: named('trigger'),
    [ROOTS.plugindefault]: mapOf(PLUGIN_DEFAULT),
    [CONDITION]: named('condition'),
    [TASK_RUNNER]: named('task-runner'),
    [INPUT]: oneOf(INPUT_TYPES.map(inputClass)),
    [RETRIES]: jsonSchemaOf(RETRY),
    ...Object.fromEntries(INPUT_TYPES.map((type) => [inputClass(type), inputDefinition(type)])),
    ...Object.fromEntries(all.map((definition) => [definition.type, pluginDefinition(definition)])),
  };
}

const LABELS: JsonSchema = {
  oneOf: [{ type: 'array', items: { type: 'object' } }, { type: 'object' }],
  title: 'Labels: a map, or a list of `key` and `value`.',
};

function flowDefinition(): JsonSchema {
  const tasks = listOf(ref(ROOTS.task));
  const { properties, required } = mapOf(FLOW_PROPERTIES);
  return {
    type: 'object',
    title: 'A flow.',
    properties: {
      ...(properties as Definitions),
      labels: LABELS,
      inputs: listOf(ref(INPUT), { title: 'Values that an execution is started with.' }),
      outputs: listOf(mapOf(FLOW_OUTPUT), { title: 'Values that an execution gives.', $dynamic: true }),
      tasks: { ...tasks, minItems: 1, title: 'Tasks that run one after the other.' },
      errors: { ...tasks, title: 'Tasks that run when one has failed.' },
      finally: { ...tasks, title: 'Tasks that run at the end, whatever it is.' },
      afterExecution: { ...tasks, title: 'Tasks that run when the execution has ended.' },
      triggers: listOf(ref(ROOTS.trigger), { title: 'What starts executions.' }),
      pluginDefaults: listOf(ref(ROOTS.plugindefault), { title: 'Values that tasks take when they say nothing else.' }),
      taskDefaults: listOf(ref(ROOTS.plugindefault), { title: 'Older name of `pluginDefaults`.', $deprecated: true }),
      listeners: listOf(listenerDefinition(), { title: 'Tasks that run when a state is reached.', $deprecated: true }),
      concurrency: { ...jsonSchemaOf(CONCURRENCY), title: 'How many executions run at a time.' },
      retry: { ...ref(RETRIES) },
      sla: listOf({ oneOf: Object.values(SLA).map(mapOf) }, { title: 'What executions promise.' }),
    },
    required: [...((required as readonly string[] | undefined) ?? []), 'tasks'],
  };
}

const listenerDefinition = (): JsonSchema => ({
  type: 'object',
  properties: {
    description: { type: 'string' },
    conditions: listOf(ref(CONDITION)),
    tasks: listOf(ref(ROOTS.task)),
  },
  required: ['tasks'],
});

function templateDefinition(): JsonSchema {
  const { id, namespace, description } = FLOW_PROPERTIES.shape;
  const { properties } = mapOf(z.object({ id, namespace, description }));
  const tasks = listOf(ref(ROOTS.task));
  return {
    type: 'object',
    properties: { ...(properties as Definitions), tasks: { ...tasks, minItems: 1 }, errors: tasks },
    required: ['id', 'namespace', 'tasks'],
  };
}

function inputDefinition(type: (typeof INPUT_TYPES)[number]): JsonSchema {
  const { properties, required } = inputSchema(type).properties;
  return { type: 'object', properties: { ...properties, type: { const: type } }, required };
}

/** A plugin type with what is common to its kind; what it holds refers to the other definitions. */
function pluginDefinition(definition: PluginDefinition): JsonSchema {
  const {
    $schema: _,
    description,
    properties,
    ...rest
  } = pluginSchema(definition, commonProperties(definition.kind)).properties;
  const own = Object.entries(properties).map(([name, property]) => [name, withReferences(property)] as const);
  const isTask = definition.kind === 'task' || definition.kind === 'flowable';
  return {
    type: 'object',
    properties: {
      ...Object.fromEntries(own),
      type: { const: definition.type },
      ...(isTask ? { retry: ref(RETRIES) } : {}),
    },
    ...rest,
    ...(description === undefined ? {} : { markdownDescription: description }),
  };
}

const HELD: Readonly<Record<string, string>> = { task: ROOTS.task, condition: CONDITION, 'task-runner': TASK_RUNNER };

/** Properties that hold tasks, conditions or a task runner (`$holds`) say which they may be. */
function withReferences({ $holds, ...schema }: JsonSchema): JsonSchema {
  const held = typeof $holds === 'string' ? HELD[$holds] : undefined;
  if (held !== undefined) {
    if (schema['type'] === 'array') return { ...schema, items: ref(held) };
    const { title, description, $dynamic } = schema;
    if ($holds === 'task-runner') return { title, description, $dynamic, allOf: [ref(held)] };
    return { ...schema, additionalProperties: ref(held) };
  }
  const { additionalProperties } = schema;
  if (typeof additionalProperties !== 'object' || additionalProperties === null) return schema;
  return { ...schema, additionalProperties: withReferences(additionalProperties as JsonSchema) };
}

function mapOf(schema: z.ZodObject): JsonSchema {
  const { properties, required } = objectSchema(schema.shape);
  return { type: 'object', properties, ...(required === undefined ? {} : { required }) };
}
