import type { PluginDefinition } from '@tiercel/plugin-kit';

const keysOf = new WeakMap<PluginDefinition, readonly string[]>();

/**
 * The properties of a type's own out of a task as it stands in the flow, without those that all tasks have. They were
 * validated when the flow was saved; the schema is applied again for its defaults.
 */
export function ownProperties(definition: PluginDefinition, written: Readonly<Record<string, unknown>>): object {
  let keys = keysOf.get(definition);
  if (keys === undefined) {
    keys = Object.keys(definition.properties.shape);
    keysOf.set(definition, keys);
  }
  const own: Record<string, unknown> = {};
  for (const key of keys) if (written[key] !== undefined) own[key] = written[key];
  return own;
}
