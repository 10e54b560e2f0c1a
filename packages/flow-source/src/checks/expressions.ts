import { analyse, ExpressionError, type TemplateUse } from '@tiercel/expressions';
import { isDynamic, type Json } from '@tiercel/model';
import { pathText, type Path, type Place, type Problem } from '../problem.ts';
import { isRawMap, type Reader } from '../reader.ts';
import type { PlacedTask } from '../sections/tasks.ts';
import { NESTED_TASK_PROPERTIES } from '../walk.ts';
import type { References } from './references.ts';

/** Texts for people and names: never rendered. */
const NOT_RENDERED: ReadonlySet<string> = new Set(['id', 'type', 'description', 'displayName']);
const NESTED: ReadonlySet<string> = new Set(NESTED_TASK_PROPERTIES);

/** How a syntax error counts: it keeps the source from being a flow, or people are only told. */
export type ExpressionErrors = 'problem' | 'warning';

/**
 * Checks every text that is rendered: properties of tasks and triggers, values of flow outputs; of inputs the condition, the expression
 * that gives values, and the default. Its syntax, and in tasks and outputs whether what it reads can be there. Variables and labels of
 * the flow are not rendered by themselves (execution-semantics.md §10.1) and may hold anything. Without `references` (a task on its
 * own, whose flow is not known) only the syntax.
 */
export function checkExpressions(
  reader: Reader,
  raw: Readonly<Record<string, unknown>>,
  tasks: readonly PlacedTask[],
  errors: ExpressionErrors,
  references?: References,
): void {
  const nested = new Set<unknown>(tasks.map(({ task }) => task));
  const check = (map: Readonly<Record<string, unknown>>, at: Path, owner: Path | undefined): void => {
    for (const { path, text } of texts(map, at, nested)) {
      const use = useOf(reader, text, path, errors);
      if (use === undefined) continue;
      for (const error of use.unknown) warn(reader, path, error.message, error);
      if (owner === undefined || references === undefined) continue;
      for (const problem of references.problems(use, owner)) {
        const { line, column } = reader.document.place(path);
        reader.warn(() => `${pathText(path)}: ${problem()} (line ${line}, column ${column})`);
      }
    }
  };
  for (const { task, path } of tasks) check(task, path, path);
  // A trigger sees no execution, and its inputs are those of another flow.
  for (const property of ['triggers', 'outputs', 'sla', 'listeners']) {
    const list = raw[property];
    if (!Array.isArray(list)) continue;
    list.forEach((item: unknown, index) => {
      const at = [property, index];
      if (isRawMap(item)) check(item, at, property === 'outputs' ? at : undefined);
    });
  }
  for (const { map, path } of inputTexts(raw['inputs'])) check(map, path, undefined);
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

/** What a text reads; reports one that is no expression. */
function useOf(reader: Reader, text: string, path: Path, errors: ExpressionErrors): TemplateUse | undefined {
  try {
    return analyse(text);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const message = `invalid expression: ${error.message}`;
    if (errors === 'warning') warn(reader, path, message, error);
    else reader.constraint(path, message, () => placeOf(reader, path, error));
    return undefined;
  }
}

/** Where an error of an expression stands in the source of the flow; a problem takes the pointer along with its place. */
const placeOf = (reader: Reader, path: Path, error: ExpressionError): Place & Pick<Problem, 'pointer'> => ({
  ...reader.document.placeInside(path, error.line, error.column),
  pointer: error.pointer(),
});

function warn(reader: Reader, path: Path, message: string, error: ExpressionError): void {
  reader.warn(() => {
    const { line, column, pointer } = placeOf(reader, path, error);
    return `${pathText(path)}: ${message} (line ${line}, column ${column})\n${pointer}`;
  });
}

interface PlacedText {
  readonly path: Path;
  readonly text: string;
}

/** Texts of one task, trigger or output that may be rendered; tasks inside it are met on their own. */
function* texts(map: Readonly<Record<string, unknown>>, at: Path, nested: ReadonlySet<unknown>): Generator<PlacedText> {
  for (const [name, value] of Object.entries(map)) {
    if (!NOT_RENDERED.has(name)) yield* inValue(value, [...at, name], NESTED.has(name) ? nested : undefined);
  }
}

function* inValue(value: unknown, path: Path, nested: ReadonlySet<unknown> | undefined): Generator<PlacedText> {
  if (typeof value === 'string') {
    if (value.includes('{')) yield { path, text: value };
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* inValue(item, [...path, index], nested);
  } else if (isRawMap(value) && nested?.has(value) !== true) {
    for (const [name, inner] of Object.entries(value)) yield* inValue(inner, [...path, name], nested);
  }
}
