import type { PluginRegistry } from '@tiercel/plugin-kit';
import { pathText, type Path, type Place, type Problem } from './problem.ts';
import type { YamlDocument } from './yaml/read.ts';

/** What the parts of the parser share: the document, the registry, and where findings go. */
export interface Reader {
  readonly document: YamlDocument;
  readonly registry: PluginRegistry;
  readonly problems: Problem[];
  readonly warnings: readonly string[];
  readonly deprecations: string[];
  readonly infos: string[];
  /** Keeps a problem, unless there are plenty already: only then it is made, since to find what was meant takes time. */
  add(problem: () => Problem): void;
  /** Keeps a warning, unless there are plenty already. */
  warn(warning: () => string): void;
  /** A value breaks a rule. */
  constraint(path: Path, message: string, place?: Place | (() => Place)): void;
  /** The text is not of the expected shape; the message says it all. `at`: where its path points to. */
  structure(path: Path, message: string, at?: 'key' | 'value'): void;
  /** An older property, by its path. */
  deprecate(path: Path): void;
}

/** Problems and warnings beyond these are not collected: nobody reads them, and a bad source could have a million. */
const MAX_PROBLEMS = 100;

export function createReader(document: YamlDocument, registry: PluginRegistry): Reader {
  const problems: Problem[] = [];
  const warnings: string[] = [];
  const add = (problem: () => Problem): void => {
    if (problems.length < MAX_PROBLEMS) problems.push(problem());
  };
  const deprecations: string[] = [];
  return {
    document,
    registry,
    problems,
    warnings,
    deprecations,
    infos: [],
    add,
    warn: (warning) => {
      if (warnings.length < MAX_PROBLEMS) warnings.push(warning());
    },
    constraint: (path, message, place) =>
      add(() => {
        // A value that is not in the text came from plugin defaults. What is missing has no place: its path says enough.
        const isGiven = path.length > 1 && !document.has(path) && isThere(document.value, path);
        return {
          kind: 'constraint',
          message: isGiven ? `${message} (given by plugin defaults)` : message,
          path: pathText(path),
          ...labelOf(document.value, path),
          ...((typeof place === 'function' ? place() : place) ??
            (isGiven || document.has(path) ? document.place(path) : undefined)),
        };
      }),
    structure: (path, message, at = 'value') =>
      add(() => ({ kind: 'structure', message, path: pathText(path), ...document.place(path, at) })),
    deprecate: (path) => {
      deprecations.push(pathText(path));
    },
  };
}

function isThere(root: unknown, path: Path): boolean {
  let value = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return false;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value !== null && value !== undefined;
}

const MAX_LABEL = 100;

/** Inputs are called by their ids (rest-api.md §8). */
function labelOf(flow: unknown, [section, index, ...rest]: Path): { readonly label?: string } {
  const inputs: unknown = section === 'inputs' && isRawMap(flow) ? flow['inputs'] : undefined;
  const input: unknown = Array.isArray(inputs) && typeof index === 'number' ? inputs[index] : undefined;
  const id = isRawMap(input) ? input['id'] : undefined;
  if (typeof id !== 'string' || id === '' || id.length > MAX_LABEL) return {};
  const inside = pathText(rest);
  return { label: inside === '' || inside.startsWith('[') ? `${id}${inside}` : `${id}.${inside}` };
}

export type RawMap = Record<string, unknown>;

export const isRawMap = (value: unknown): value is RawMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A name for messages of the kind of a YAML value. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'object') return 'map';
  return typeof value === 'string' ? 'text' : typeof value;
}
