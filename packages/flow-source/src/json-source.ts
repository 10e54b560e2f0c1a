import { Document, isScalar, visit, type Tags } from 'yaml';

/** With the tag of merge keys, such a key is written without quotes, whatever is asked for. */
const withoutMerge = (tags: Tags): Tags =>
  tags.filter((tag) => (typeof tag === 'string' ? tag !== 'merge' : tag.tag !== 'tag:yaml.org,2002:merge'));

/**
 * The YAML of a flow that came as JSON (rest-api.md §8). Null properties are left out; texts that YAML 1.1 would read as something else
 * (`yes`, `012`) are quoted, and so is a key `<<`, which in JSON merges nothing. Whole numbers beyond 53 bits may come as BigInt.
 */
export function sourceOfJson(flow: unknown): string {
  const document = new Document(withoutNulls(flow), { version: '1.1', customTags: withoutMerge });
  visit(document, {
    Pair: (_, { key }) => {
      if (isScalar(key) && key.value === '<<') key.type = 'QUOTE_DOUBLE';
    },
  });
  return document.toString({ lineWidth: 0 });
}

/** JSON without null properties. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutNulls(inner)]));
}
