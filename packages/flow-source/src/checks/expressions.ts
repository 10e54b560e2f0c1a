import { checkSyntax } from '@tiercel/expressions';
import type { Path } from '../problem.ts';
import { isRawMap, type Reader } from '../reader.ts';
import type { PlacedTask } from '../sections/tasks.ts';
import { NESTED_TASK_PROPERTIES } from '../walk.ts';

/** Texts for people and names: never rendered. */
const NOT_RENDERED: ReadonlySet<string> = new Set(['id', 'type', 'description', 'displayName']);
const NESTED: ReadonlySet<string> = new Set(NESTED_TASK_PROPERTIES);

/**
 * Checks the syntax of every text that is rendered: properties of tasks and triggers, values of flow outputs. Variables, labels of the
 * flow and defaults of inputs are not rendered by themselves (execution-semantics.md §10.1, §10.2) and may hold anything.
 */
export function checkExpressions(reader: Reader, raw: Readonly<Record<string, unknown>>, tasks: readonly PlacedTask[]): void {
  const nested = new Set<unknown>(tasks.map(({ task }) => task));
  for (const { task, path } of tasks) checkProperties(reader, task, path, nested);
  for (const property of ['triggers', 'outputs']) {
    const list = raw[property];
    if (!Array.isArray(list)) continue;
    list.forEach((item: unknown, index) => {
      if (isRawMap(item)) checkProperties(reader, item, [property, index], nested);
    });
  }
}

function checkProperties(reader: Reader, map: Readonly<Record<string, unknown>>, at: Path, nested: ReadonlySet<unknown>): void {
  for (const [name, value] of Object.entries(map)) {
    if (!NOT_RENDERED.has(name)) checkValue(reader, value, [...at, name], NESTED.has(name) ? nested : undefined);
  }
}

/** Walks a property; tasks inside it are met on their own. */
function checkValue(reader: Reader, value: unknown, path: Path, nested: ReadonlySet<unknown> | undefined): void {
  if (typeof value === 'string') checkText(reader, value, path);
  else if (Array.isArray(value)) value.forEach((item: unknown, index) => checkValue(reader, item, [...path, index], nested));
  else if (isRawMap(value) && nested?.has(value) !== true) {
    for (const [name, inner] of Object.entries(value)) checkValue(reader, inner, [...path, name], nested);
  }
}

function checkText(reader: Reader, text: string, path: Path): void {
  if (!text.includes('{')) return;
  const error = checkSyntax(text);
  if (error === undefined) return;
  const place = reader.document.placeInside(path, error.line, error.column);
  reader.constraint(path, `invalid expression: ${error.message}`, place);
}
