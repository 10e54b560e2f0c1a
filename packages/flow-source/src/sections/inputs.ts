import { INPUT_TYPES, type FlowInput, type InputType } from '@tiercel/model';
import type { ExpressionErrors } from '../checks/expressions.ts';
import type { Path } from '../problem.ts';
import { isRawMap, kindOf, type RawMap, type Reader } from '../reader.ts';
import { checkSchema } from '../schema.ts';
import { reportUnknownField, reportUnknownType } from '../unknown-names.ts';
import { checkInputValues } from './input-values.ts';
import { INPUT_SCHEMAS, isTextual } from './input-schemas.ts';

/** An input as read; `name` is the older spelling of `id`, kept because the API gives back both. */
export type ReadInput = FlowInput & { readonly name?: string };

/**
 * Reads the inputs of a flow (execution-semantics.md §10.2). What is wrong is told, each at its place. `defaultErrors`: how a default counts that
 * the input would refuse; older versions accepted them, and a value can be given in its place.
 */
export function readInputs(
  reader: Reader,
  value: unknown,
  defaultErrors: ExpressionErrors = 'problem',
): readonly ReadInput[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    reader.constraint(['inputs'], `expected a list, but got ${kindOf(value)}`);
    return [];
  }
  return value.flatMap((raw: unknown, index) => readInput(reader, raw, ['inputs', index], defaultErrors) ?? []);
}

function readInput(reader: Reader, raw: unknown, at: Path, defaultErrors: ExpressionErrors): ReadInput | undefined {
  if (!isRawMap(raw)) {
    reader.constraint(at, `expected a map, but got ${kindOf(raw)}`);
    return undefined;
  }
  for (const key of Object.keys(raw)) if (raw[key] === null && key !== 'defaults') delete raw[key];
  acceptOldName(reader, raw, at);
  const type = inputType(reader, raw['type'], at);
  if (type === undefined) return undefined;
  const schema = INPUT_SCHEMAS[type];
  for (const key of Object.keys(raw)) {
    if (key !== 'name' && !Object.hasOwn(schema.shape, key)) {
      reportUnknownField(reader, at, key, Object.keys(schema.shape));
    }
  }
  if (isTextual(type)) readAsWritten(reader, raw, at);
  if (!checkSchema(reader, schema, raw, at)) return undefined;
  const input = { ...(raw as unknown as ReadInput), required: raw['required'] !== false };
  return checkInputValues(reader, input, at, defaultErrors);
}

/** `name` is a deprecated alias of `id`. */
function acceptOldName(reader: Reader, raw: RawMap, at: Path): void {
  if (raw['name'] === undefined) return;
  reader.deprecate([...at, 'name']);
  raw['id'] ??= raw['name'];
}

function inputType(reader: Reader, type: unknown, at: Path): InputType | undefined {
  if (typeof type !== 'string') {
    reader.constraint(
      [...at, 'type'],
      type === undefined ? 'must not be null' : `expected a text, but got ${kindOf(type)}`,
    );
    return undefined;
  }
  if ((INPUT_TYPES as readonly string[]).includes(type)) return type as InputType;
  reportUnknownType(reader, at, type, INPUT_TYPES);
  return undefined;
}

/** Where a text is meant, it counts as written: a default 1.10 stays 1.10. */
function readAsWritten(reader: Reader, raw: RawMap, at: Path): void {
  for (const key of ['defaults', 'prefill', 'after', 'before']) {
    const value = raw[key];
    if (typeof value === 'number' || typeof value === 'boolean') {
      raw[key] = reader.document.textOf([...at, key]) ?? String(value);
    }
  }
}
