import { LOG_LEVELS, STATES, type Trigger } from '@tiercel/model';
import { z } from 'zod';
import { pathText, type Path } from '../problem.ts';
import { isRawMap, kindOf, type RawMap, type Reader } from '../reader.ts';
import { checkSchema } from '../schema.ts';
import {
  reportAlias,
  reportDeprecated,
  reportUnknownField,
  reportNotYet,
  reportUnknownType,
  reportUnsupported,
  typeNames,
} from '../unknown-names.ts';
import { checkConditions } from './conditions.ts';
import { WORKER_GROUP } from './common-task.ts';
import { readLabels } from './labels.ts';
import { described, TASK_ID } from './names.ts';

/** Properties that every trigger has (execution-semantics.md §11.1). */
export const COMMON_TRIGGER = z.object({
  id: described(TASK_ID, 'Id, unique within the flow.'),
  type: described(z.string(), 'Type of the trigger.'),
  description: described(z.string().optional(), 'What the trigger is for.'),
  conditions: z
    .array(z.unknown())
    .optional()
    .meta({ title: 'Conditions that must all hold.', $dynamic: false, $holds: 'condition' }),
  disabled: described(z.boolean().optional(), 'Whether the trigger is off; default false.'),
  workerGroup: described(WORKER_GROUP.optional(), 'Workers that evaluate the trigger.'),
  logLevel: described(z.enum(LOG_LEVELS).optional(), 'Lowest level of log entries that are kept.'),
  minLogLevel: described(z.enum(LOG_LEVELS).optional(), 'Older name of `logLevel`.').meta({ deprecated: true }),
  labels: described(z.unknown().optional(), 'Labels of the executions that it starts.'),
  stopAfter: described(z.array(z.enum(STATES)).optional(), 'States of an execution that switch the trigger off.'),
  logToFile: described(z.boolean().optional(), 'Whether the log goes to a file.'),
});

/** Common properties of later versions of the language. */
const UNSUPPORTED_PROPERTIES: ReadonlySet<string> = new Set(['when', 'assets']);

/** Kinds of triggers that this version evaluates. */
const EVALUATED: ReadonlySet<string> = new Set(['io.kestra.plugin.core.trigger.Webhook']);

const FLOW_TRIGGER = 'io.kestra.plugin.core.trigger.Flow';

export function readTriggers(reader: Reader, value: unknown): readonly Trigger[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    reader.constraint(['triggers'], `expected a list, but got ${kindOf(value)}`);
    return [];
  }
  value.forEach((raw: unknown, index) => readTrigger(reader, raw, ['triggers', index]));
  return value as readonly Trigger[];
}

export function readTrigger(reader: Reader, raw: unknown, at: Path): void {
  if (!isRawMap(raw)) {
    reader.constraint(at, `expected a trigger, but got ${kindOf(raw)}`);
    return;
  }
  for (const key of Object.keys(raw)) if (raw[key] === null) delete raw[key];
  checkSchema(reader, COMMON_TRIGGER, raw, at);
  const type = reader.registry.canonical(String(raw['type']));
  const isWebhook = type === 'io.kestra.plugin.core.trigger.Webhook';
  // A call is judged on its own; it cannot wait for others (execution-semantics.md §10.10).
  if (isWebhook && hasMultipleCondition(raw['conditions'])) {
    reader.constraint(at, 'invalid webhook: conditions of type MultipleCondition are not supported');
  } else {
    for (const list of ['conditions', 'scheduleConditions'])
      checkConditions(reader, raw[list], [...at, list], isWebhook);
  }
  if (raw['minLogLevel'] !== undefined) reader.deprecate([...at, 'minLogLevel']);
  // No system label at all is allowed here (execution-semantics.md §9.9).
  readLabels(reader, raw['labels'], [...at, 'labels'], []);
  if (raw['labels'] !== undefined && isWebhook) {
    reader.warn(() => `${pathText([...at, 'labels'])}: executions of a webhook get the labels of the flow only`);
  }
  if (typeof raw['type'] === 'string') checkOwnProperties(reader, raw, raw['type'], at);
}

const isNothing = (conditions: unknown): boolean =>
  conditions === undefined || conditions === null || (Array.isArray(conditions) && conditions.length === 0);

const hasMultipleCondition = (conditions: unknown): boolean =>
  Array.isArray(conditions) &&
  conditions.some(
    (condition: unknown) => isRawMap(condition) && String(condition['type']).endsWith('.MultipleCondition'),
  );

function checkOwnProperties(reader: Reader, raw: RawMap, type: string, at: Path): void {
  const definition = reader.registry.get(type);
  if (definition?.kind !== 'trigger') {
    reportUnknownType(reader, at, type, typeNames(reader, ['trigger']));
    return;
  }
  reportAlias(reader, at, type);
  reportDeprecated(reader, definition, raw, at);
  if (!EVALUATED.has(definition.type)) reportNotYet(reader, at, `a trigger of type ${definition.type}`);
  else if (raw['stopAfter'] !== undefined) reportNotYet(reader, [...at, 'stopAfter'], '`stopAfter` of a webhook');
  if (definition.type === FLOW_TRIGGER && isNothing(raw['conditions']) && isNothing(raw['preconditions'])) {
    reader.warn(
      () =>
        `${pathText(at)}: without conditions and preconditions this trigger starts the flow for every execution of every other flow`,
    );
  }
  const { shape } = definition.properties;
  const known = [...Object.keys(COMMON_TRIGGER.shape), ...Object.keys(shape)];
  const own: RawMap = {};
  for (const key of Object.keys(raw)) {
    if (UNSUPPORTED_PROPERTIES.has(key)) reportUnsupported(reader, [...at, key], `"${key}" of a trigger`);
    else if (Object.hasOwn(shape, key)) own[key] = raw[key];
    else if (!known.includes(key)) reportUnknownField(reader, at, key, known);
  }
  checkSchema(reader, definition.properties, own, at);
  Object.assign(raw, own);
}
