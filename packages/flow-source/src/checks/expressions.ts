import { checkSyntax, type ExpressionError } from '@tiercel/expressions';
import { isDynamic, type Json } from '@tiercel/model';
import { pathText, type Path } from '../problem.ts';
import { isRawMap, type Reader } from '../reader.ts';
import type { PlacedTask } from '../sections/tasks.ts';
import { NESTED_TASK_PROPERTIES } from '../walk.ts';

/** Texts for people and names: never rendered. */
const NOT_RENDERED: ReadonlySet<string> = new Set(['id', 'type', 'description', 'displayName']);
const NESTED: ReadonlySet<string> = new Set(NESTED_TASK_PROPERTIES);

/** How a syntax error counts: it keeps the source from being a flow, or people are only told. */
export type ExpressionErrors = 'problem' | 'warning';

/**
 * Checks the syntax of every text that is rendered: properties of tasks and triggers, values of flow outputs; of inputs the condition, the
 * expression that gives values, and the default. Variables and labels of the flow are not rendered by themselves
 * (execution-semantics.md §10.1) and may hold anything.
 */
export function checkExpressions(
  reader: Reader,
  raw: Readonly<Record<string, unknown>>,
  tasks: readonly PlacedTask[],
  errors: ExpressionErrors,
): void {
  const nested = new Set<unknown>(tasks.map(({ task }) => task));
  const check = (map: Readonly<Record<string, unknown>>, at: Path): void => {
    for (const { path, error } of syntaxErrors(map, at, nested)) {
      const place = reader.document.placeInside(path, error.line, error.column);
      const message = `invalid expression: ${error.message}`;
      if (errors === 'problem') reader.constraint(path, message, place);
      else reader.warnings.push(`${pathText(path)}: ${message} (line ${place.line}, column ${place.column})`);
    }
  };
  for (const { task, path } of tasks) check(task, path);
  for (const property of ['triggers', 'outputs']) {
    const list = raw[property];
    if (!Array.isArray(list)) continue;
    list.forEach((item: unknown, index) => {
      if (isRawMap(item)) check(item, [property, index]);
    });
  }
  for (const { map, path } of inputTexts(raw['inputs'])) check(map, path);
}

/** The parts of inputs that are rendered (execution-semantics.md §10.2). */
function* inputTexts(
  inputs: unknown,
): Generator<{ readonly map: Readonly<Record<string, unknown>>; readonly path: Path }> {
  if (!Array.isArray(inputs)) return;
  for (const [index, input] of (inputs as readonly unknown[]).entries()) {
    if (!isRawMap(input)) continue;
    const { expression, defaults, dependsOn } = input;
    const path = ['inputs', index];
    yield { map: isDynamic(defaults as Json | undefined) ? { expression, defaults } : { expression }, path };
    if (isRawMap(dependsOn)) yield { map: { condition: dependsOn['condition'] }, path: [...path, 'dependsOn'] };
  }
}

interface SyntaxError {
  readonly path: Path;
  readonly error: ExpressionError;
}

/** Bad texts of one task, trigger or output; tasks inside it are met on their own. */
function* syntaxErrors(
  map: Readonly<Record<string, unknown>>,
  at: Path,
  nested: ReadonlySet<unknown>,
): Generator<SyntaxError> {
  for (const [name, value] of Object.entries(map)) {
    if (!NOT_RENDERED.has(name)) yield* inValue(value, [...at, name], NESTED.has(name) ? nested : undefined);
  }
}

function* inValue(value: unknown, path: Path, nested: ReadonlySet<unknown> | undefined): Generator<SyntaxError> {
  if (typeof value === 'string') {
    const error = value.includes('{') ? checkSyntax(value) : undefined;
    if (error !== undefined) yield { path, error };
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* inValue(item, [...path, index], nested);
  } else if (isRawMap(value) && nested?.has(value) !== true) {
    for (const [name, inner] of Object.entries(value)) yield* inValue(inner, [...path, name], nested);
  }
}
