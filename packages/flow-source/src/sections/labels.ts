import type { Label } from '@tiercel/model';
import type { Path } from '../problem.ts';
import { isRawMap, kindOf, type Reader } from '../reader.ts';
import { reportUnknownFields } from '../unknown-names.ts';

/** Prefix of the labels that belong to the server (execution-semantics.md §9.9). */
export const SYSTEM_LABEL_PREFIX = 'system.';
/** The one system label that a flow may declare. */
const READ_ONLY = 'system.readOnly';

/**
 * Reads labels: a list of `{key, value}` or a map, values text, number or boolean (execution-semantics.md §1.1).
 * `systemLabels`: those that may be declared here.
 */
export function readLabels(
  reader: Reader,
  value: unknown,
  path: Path,
  systemLabels: readonly string[] = [READ_ONLY],
): readonly Label[] {
  if (value === undefined || value === null) return [];
  const labels = Array.isArray(value)
    ? fromList(reader, value, path)
    : isRawMap(value)
      ? fromMap(reader, value, path)
      : undefined;
  if (labels === undefined) {
    reader.constraint(path, `expected a map or a list of labels, but got ${kindOf(value)}`);
    return [];
  }
  for (const { key, value: text } of labels) {
    if (key.startsWith(SYSTEM_LABEL_PREFIX) && !systemLabels.includes(key)) {
      reader.constraint(path, `System labels can only be set by Kestra itself, offending label: ${key}=${text}`);
    }
  }
  return labels;
}

function fromMap(reader: Reader, map: Readonly<Record<string, unknown>>, path: Path): readonly Label[] {
  return Object.entries(map).flatMap(([key, value]) => {
    const text = labelText(reader, value, [...path, key]);
    return text === undefined ? [] : [{ key, value: text }];
  });
}

function fromList(reader: Reader, list: readonly unknown[], path: Path): readonly Label[] {
  return list.flatMap((entry, index) => {
    const at = [...path, index];
    if (!isRawMap(entry)) {
      reader.constraint(at, `expected a map with key and value, but got ${kindOf(entry)}`);
      return [];
    }
    reportUnknownFields(reader, at, entry, ['key', 'value']);
    const key = labelText(reader, entry['key'], [...at, 'key']);
    const value = labelText(reader, entry['value'], [...at, 'value']);
    return key === undefined || value === undefined ? [] : [{ key, value }];
  });
}

function labelText(reader: Reader, value: unknown, path: Path): string | undefined {
  if (typeof value === 'string') return value;
  // As written: a version label 1.10 stays 1.10.
  if (typeof value === 'number' || typeof value === 'boolean') return reader.document.textOf(path) ?? String(value);
  reader.constraint(
    path,
    value === undefined || value === null ? 'must not be null' : `expected a text, but got ${kindOf(value)}`,
  );
  return undefined;
}
