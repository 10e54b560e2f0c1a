import type { z } from 'zod';
import type { Path } from './problem.ts';
import { isRawMap, kindOf, type RawMap, type Reader } from './reader.ts';
import { reportUnknownField } from './unknown-names.ts';

type Issue = z.core.$ZodIssue;

/** Which issues are someone else's business: those below these properties of the map. */
export interface SchemaOptions {
  readonly ignore?: (path: Path) => boolean;
}

/**
 * Checks a map against a schema and reports what is wrong with paths, places and the reference's wording. Scalars are read as the
 * schema wants them: a number where a text is expected is the text as written (`1.10`), a text where a number or a boolean is
 * expected is that number or boolean; `map` is changed accordingly. True when nothing was wrong.
 */
export function checkSchema(
  reader: Reader,
  schema: z.ZodType,
  map: RawMap,
  at: Path,
  options: SchemaOptions = {},
): boolean {
  readAsWritten(reader, schema, map, at, []);
  let issues = issuesOf(schema, map);
  // Each round repairs at least one scalar, and a union may show a second one only after the first.
  for (let round = 0; round < 5 && repair(reader, issues, map, at); round++) issues = issuesOf(schema, map);
  const remaining = issues.filter((issue) => options.ignore?.(pathOf(issue)) !== true);
  for (const issue of remaining) reportIssue(reader, schema, issue, map, at);
  return remaining.length === 0;
}

/** Replaces scalars by their text as written wherever the schema takes texts only; plugins' own conversions would see 1.1 for 1.10. */
function readAsWritten(reader: Reader, schema: unknown, value: unknown, at: Path, path: Path): unknown {
  const { def } = unwrap(schema) as { readonly def?: { readonly type?: string } };
  if (typeof value === 'number' || typeof value === 'boolean') {
    return def?.type === 'string' ? (reader.document.textOf([...at, ...path]) ?? value) : value;
  }
  if (
    typeof value !== 'object' ||
    value === null ||
    (def?.type !== 'object' && def?.type !== 'array' && def?.type !== 'record')
  )
    return value;
  const holder = value as Record<string | number, unknown>;
  for (const key of Array.isArray(value) ? value.keys() : Object.keys(value)) {
    const inner = innerSchema(schema, key);
    if (inner !== undefined) holder[key] = readAsWritten(reader, inner, holder[key], at, [...path, key]);
  }
  return value;
}

const issuesOf = (schema: z.ZodType, value: unknown): readonly Issue[] => {
  const result = schema.safeParse(value);
  return result.success ? [] : result.error.issues;
};

const pathOf = (issue: { readonly path: readonly PropertyKey[] }): Path =>
  issue.path.map((part) => (typeof part === 'number' ? part : String(part)));

const valueAt = (root: unknown, path: Path): unknown => {
  let value = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as RawMap)[part];
  }
  return value;
};

function setAt(root: RawMap, path: Path, value: unknown): void {
  const owner = valueAt(root, path.slice(0, -1));
  const last = path[path.length - 1];
  if (typeof owner === 'object' && owner !== null && last !== undefined) (owner as RawMap)[last] = value;
}

/** Rewrites scalars whose kind is not the expected one. True when something was rewritten. */
function repair(reader: Reader, issues: readonly Issue[], map: RawMap, at: Path): boolean {
  let repaired = false;
  for (const { path, expected } of issues.flatMap((issue) => expectations(issue, []))) {
    const value = valueAt(map, path);
    const wanted = convertScalar(value, expected, () => reader.document.textOf([...at, ...path]));
    if (wanted === undefined || wanted === value) continue;
    setAt(map, path, wanted);
    repaired = true;
  }
  return repaired;
}

interface Expectation {
  readonly path: Path;
  readonly expected: string;
}

/** All kinds that would have done, also those in the branches of unions. */
function expectations(issue: Issue, base: Path): readonly Expectation[] {
  const path = [...base, ...pathOf(issue)];
  if (issue.code === 'invalid_type') return [{ path, expected: issue.expected }];
  if (issue.code === 'invalid_union') return issue.errors.flat().flatMap((inner) => expectations(inner, path));
  // An enumeration or literal of texts: `level: on` was meant as the text.
  if (issue.code === 'invalid_value' && issue.values.every((value) => typeof value === 'string')) {
    return [{ path, expected: 'string' }];
  }
  return [];
}

function convertScalar(value: unknown, expected: string, written: () => string | undefined): unknown {
  if (expected === 'string' && (typeof value === 'number' || typeof value === 'boolean'))
    return written() ?? String(value);
  if (typeof value !== 'string') return undefined;
  if (expected === 'boolean') return value === 'true' ? true : value === 'false' ? false : undefined;
  if (expected !== 'number' && expected !== 'int') return undefined;
  return /^[-+]?\d+(?:\.\d+)?$/.test(value) ? Number(value) : undefined;
}

function reportIssue(reader: Reader, schema: z.ZodType, issue: Issue, map: RawMap, at: Path): void {
  const path = [...at, ...pathOf(issue)];
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schema, pathOf(issue));
    for (const key of issue.keys) reportUnknownField(reader, path, key, known);
    return;
  }
  const deeper = issue.code === 'invalid_union' ? deepestBranch(issue) : undefined;
  if (deeper !== undefined) {
    for (const inner of deeper)
      reportIssue(reader, schema, { ...inner, path: [...issue.path, ...inner.path] }, map, at);
    return;
  }
  reader.constraint(path, messageOf(issue, valueAt(map, pathOf(issue))));
}

/** The branch of a union that got furthest into the value, when one did: that is the one that was meant. */
function deepestBranch(issue: Issue & { readonly code: 'invalid_union' }): readonly Issue[] | undefined {
  let best: readonly Issue[] | undefined;
  let depth = 0;
  for (const branch of issue.errors) {
    const reached = Math.max(
      0,
      ...branch.map((inner) => inner.path.length + (inner.code === 'unrecognized_keys' ? 1 : 0)),
    );
    if (reached > depth) {
      best = branch;
      depth = reached;
    }
  }
  return best;
}

/** What a rule says to people, in the reference's words where it has some. */
function messageOf(issue: Issue, value: unknown): string {
  const missing = value === undefined || value === null;
  switch (issue.code) {
    case 'invalid_type':
      return missing ? 'must not be null' : `expected ${kindName(issue.expected)}, but got ${kindOf(value)}`;
    case 'invalid_union': {
      if (missing) return 'must not be null';
      // Which of several maps it is, is said by one property.
      if ('options' in issue)
        return `must be one of [${(issue.options ?? []).join(', ')}], but is ${JSON.stringify(value)}`;
      const kinds = [...new Set(expectations(issue, []).map(({ expected }) => kindName(expected)))];
      return kinds.length === 0
        ? `${JSON.stringify(value)} is none of the known ones`
        : `expected ${kinds.join(' or ')}, but got ${kindOf(value)}`;
    }
    case 'invalid_value':
      return missing
        ? 'must not be null'
        : `must be one of [${issue.values.join(', ')}], but is ${JSON.stringify(value)}`;
    case 'invalid_format':
      return issue.format === 'regex'
        ? `must match "${(issue.pattern ?? '').replace(/^\/|\/\w*$/g, '')}"`
        : issue.message;
    case 'too_small':
      return tooSmall(issue, missing);
    case 'too_big':
      return issue.origin === 'string' || issue.origin === 'array'
        ? `size must be between 0 and ${String(issue.maximum)}`
        : `must be less than or equal to ${String(issue.maximum)}`;
    default:
      return issue.message;
  }
}

function tooSmall(issue: Issue & { readonly code: 'too_small' }, missing: boolean): string {
  if (missing) return 'must not be null';
  if (issue.origin === 'array' || issue.origin === 'map' || issue.origin === 'set') return 'must not be empty';
  if (issue.origin === 'string') return 'must not be blank';
  return `must be greater than or equal to ${String(issue.minimum)}`;
}

const KIND_NAMES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
  null: 'nothing',
};
const kindName = (expected: string): string => KIND_NAMES[expected] ?? expected;

/** The properties that the part of a schema at a path declares; empty when it cannot be told. */
function knownKeys(schema: z.ZodType, path: Path): readonly string[] {
  let part: unknown = schema;
  for (const step of path) part = innerSchema(part, step);
  const shape = shapeOf(part);
  return shape === undefined ? [] : Object.keys(shape);
}

/** The declared properties of an object, or of all branches of a union. */
const shapeOf = (schema: unknown): RawMap | undefined => {
  const { shape, options } = unwrap(schema) as { readonly shape?: unknown; readonly options?: unknown };
  if (Array.isArray(options)) return Object.assign({}, ...options.map((option: unknown) => shapeOf(option))) as RawMap;
  return isRawMap(shape) ? shape : undefined;
};

const innerSchema = (schema: unknown, step: string | number): unknown => {
  const bare = unwrap(schema) as { readonly element?: unknown; readonly valueType?: unknown };
  return typeof step === 'number' ? bare.element : (shapeOf(bare)?.[step] ?? bare.valueType);
};

/** The schema behind `optional`, `default` and conversions. */
function unwrap(schema: unknown): object {
  let bare = schema as { readonly unwrap?: unknown; readonly out?: unknown } | null | undefined;
  for (let level = 0; level < 8; level++) {
    // A list has an `unwrap`, too: its element; that is no wrapper.
    if ((bare as { readonly element?: unknown } | null | undefined)?.element !== undefined) break;
    if (typeof bare?.unwrap === 'function') bare = (bare as { unwrap(): typeof bare }).unwrap();
    else if (bare?.out !== undefined) bare = bare.out as typeof bare;
    else break;
  }
  return bare ?? {};
}
