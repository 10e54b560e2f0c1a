import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import missing from './aliases-missing.json' with { type: 'json' };
import { builtInRegistry } from './registry.ts';

/** The types of the reference server, when they lie beside this checkout. */
const REFERENCE = fileURLToPath(new URL('../../../../shared/reference/golden/plugins.json', import.meta.url));
const registry = builtInRegistry();

describe('older names of types', () => {
  it.skipIf(!existsSync(REFERENCE))('are known, but for those of types that this version does not have', () => {
    const groups = JSON.parse(readFileSync(REFERENCE, 'utf8')) as readonly { readonly aliases?: readonly string[] }[];
    const aliases = new Set(groups.flatMap((group) => group.aliases ?? []));
    expect(aliases.size).toBeGreaterThan(70);
    const unknown = [...aliases].filter((alias) => registry.get(alias) === undefined).toSorted();
    // The list only gets shorter: an alias that is known must leave it.
    expect(unknown).toEqual(Object.keys(missing).toSorted());
  });

  it.each(Object.entries(missing))('%s is unknown only as long as %s is', (_, type) => {
    expect(registry.get(type)).toBeUndefined();
  });
});
