import type { Task } from '@tiercel/model';
import type { PluginDefinition } from '@tiercel/plugin-kit';
import type { Path } from '../problem.ts';
import { isRawMap, kindOf, type RawMap, type Reader } from '../reader.ts';
import { checkSchema } from '../schema.ts';
import {
  reportAlias,
  reportDeprecated,
  reportUnknownField,
  reportUnknownType,
  reportUnsupported,
  typeNames,
} from '../unknown-names.ts';
import { childTasks, NESTED_TASK_PROPERTIES } from '../walk.ts';
import { checkCommonTask, COMMON_TASK, UNSUPPORTED_TASK_PROPERTIES } from './common-task.ts';

/** A task of the tree with where it stands; parents come before their children. */
export interface PlacedTask {
  readonly task: RawMap;
  readonly path: Path;
}

/** Reads a list of tasks with everything below; `seen` collects every task of the tree. */
export function readTasks(reader: Reader, value: unknown, at: Path, seen: PlacedTask[]): readonly Task[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    reader.constraint(at, `expected a list, but got ${kindOf(value)}`);
    return [];
  }
  value.forEach((raw: unknown, index) => readTask(reader, raw, [...at, index], seen));
  return value as readonly Task[];
}

/** Reads one task with everything below. */
export function readTask(reader: Reader, raw: unknown, at: Path, seen: PlacedTask[]): void {
  if (!isRawMap(raw)) {
    reader.constraint(at, `expected a task, but got ${kindOf(raw)}`);
    return;
  }
  for (const key of Object.keys(raw)) if (raw[key] === null) delete raw[key];
  seen.push({ task: raw, path: at });
  checkSchema(reader, COMMON_TASK, raw, at);
  checkCommonTask(reader, raw, at);
  const definition = definitionOf(reader, raw, at);
  if (definition === undefined) return;
  checkOwnProperties(reader, raw, at, definition);
  checkTaskRunner(reader, raw, at);
  for (const child of nestedTasks(definition, raw)) readTask(reader, child.task, [...at, ...child.path], seen);
}

/** The children that a flowable type declares. */
const nestedTasks = (definition: PluginDefinition, raw: RawMap): ReturnType<typeof childTasks> =>
  definition.kind === 'flowable' ? childTasks(raw, (property) => property in definition.properties.shape) : [];

function definitionOf(reader: Reader, raw: RawMap, at: Path): PluginDefinition | undefined {
  const { type } = raw;
  if (typeof type !== 'string') return undefined;
  const definition = reader.registry.get(type);
  if (definition?.kind === 'task' || definition?.kind === 'flowable') {
    reportAlias(reader, at, type);
    reportDeprecated(reader, definition, raw, at);
    return definition;
  }
  reportUnknownType(reader, at, type, typeNames(reader, ['task', 'flowable']));
  return undefined;
}

function checkOwnProperties(reader: Reader, raw: RawMap, at: Path, definition: PluginDefinition): void {
  const { shape } = definition.properties;
  const known = [...Object.keys(COMMON_TASK.shape), ...Object.keys(shape)];
  const names = new Set(known);
  for (const key of Object.keys(raw)) {
    if (names.has(key)) continue;
    if (UNSUPPORTED_TASK_PROPERTIES.has(key)) reportUnsupported(reader, [...at, key], `"${key}" of a task`);
    else reportUnknownField(reader, at, key, known);
  }
  const own: RawMap = {};
  for (const key of Object.keys(raw)) if (Object.hasOwn(shape, key)) own[key] = raw[key];
  // What stands inside nested tasks and task runners is checked there, with better messages.
  const ignore = (path: Path): boolean => {
    const [first] = path;
    if (first === 'taskRunner') return path.length > 1;
    return (
      path.length > 1 &&
      definition.kind === 'flowable' &&
      (NESTED_TASK_PROPERTIES as readonly unknown[]).includes(first)
    );
  };
  checkSchema(reader, definition.properties, own, at, { ignore });
  Object.assign(raw, own);
}

/** A script task's runner is a plugin of its own: `taskRunner: {type: …}`. */
function checkTaskRunner(reader: Reader, raw: RawMap, at: Path): void {
  const runner = raw['taskRunner'];
  if (!isRawMap(runner)) return;
  const path = [...at, 'taskRunner'];
  const { type } = runner;
  if (typeof type !== 'string') {
    reader.constraint(
      [...path, 'type'],
      type === undefined ? 'must not be null' : `expected a text, but got ${kindOf(type)}`,
    );
    return;
  }
  const definition = reader.registry.get(type);
  if (definition?.kind !== 'task-runner') {
    reportUnknownType(reader, path, type, typeNames(reader, ['task-runner']));
    return;
  }
  reportAlias(reader, path, type);
  const known = ['type', ...Object.keys(definition.properties.shape)];
  for (const key of Object.keys(runner)) if (!known.includes(key)) reportUnknownField(reader, path, key, known);
  const { type: _, ...own } = runner;
  checkSchema(reader, definition.properties, own, path);
  Object.assign(runner, own);
}
