import { stringify } from 'yaml';

/**
 * The YAML of a flow that came as JSON (rest-api.md §8). Null properties are left out; texts that YAML 1.1 would read as something else
 * (`yes`, `012`) are quoted.
 */
export const sourceOfJson = (flow: unknown): string => stringify(withoutNulls(flow), { version: '1.1', lineWidth: 0 });

/** JSON without null properties. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutNulls(inner)]));
}
