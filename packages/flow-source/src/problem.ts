/** A place in a source, both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Keys and indexes from the root of a flow, e.g. `['tasks', 0, 'id']`. */
export type Path = readonly (string | number)[];

/**
 * Something in a source that keeps it from being a flow. `structure`: the text is no flow at all (not YAML, unknown
 * property, unknown type); its message stands for itself. `constraint`: a value breaks a rule; people read it after its path.
 */
export interface Problem {
  readonly kind: 'structure' | 'constraint';
  readonly message: string;
  /** The line of an expression with a caret below what is wrong, and the name that may have been meant. */
  readonly pointer?: string;
  /** What may have been meant. */
  readonly hint?: string;
  /** `tasks[0].id`; empty for the flow as a whole; the last part of an unknown property is quoted: `tasks[0]["x"]`. */
  readonly path: string;
  /** How messages call the place, where that is not the path: an input by its id (`file` for `inputs[0]`), as in the reference. */
  readonly label?: string;
  readonly line?: number;
  readonly column?: number;
}

const PLAIN_KEY = /^[A-Za-z_$][\w$-]*$/;

/** Writes a path as people and clients read it. */
export function pathText(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (PLAIN_KEY.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text;
}

/** The message with hint and place, as people read it: `must not be null (line 4, column 5)`; below it the expression with a caret. */
export function withPlace({ message, hint, line, column, pointer }: Problem): string {
  const text = hint === undefined ? message : `${message}; ${hint}`;
  const placed = line === undefined ? text : `${text} (line ${line}, column ${column ?? 1})`;
  return pointer === undefined ? placed : `${placed}\n${pointer}`;
}

/** One line for people: path (unless the message says it all), message, place. */
export const describeProblem = (problem: Problem): string =>
  problem.kind === 'structure' || problem.path === ''
    ? withPlace(problem)
    : `${problem.label ?? problem.path}: ${withPlace(problem)}`;
