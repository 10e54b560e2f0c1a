import { md5, sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { toHex, utf8 } from '../bytes.ts';
import type { FilterDefinition } from '../definitions.ts';
import { fail } from '../errors.ts';
import { typeName } from '../values.ts';

interface Hash {
  readonly create: () => { update(bytes: Uint8Array): unknown; digest(): Uint8Array };
}

/** Bytes that are hashed between two looks at the bounds; some 100 µs. */
const BLOCK = 8192;

function hash(algorithm: Hash): FilterDefinition {
  return {
    params: null,
    apply: (input, _args, context) => {
      if (typeof input !== 'string') return fail(`The filter needs a text, not ${typeName(input)}`);
      const bytes = utf8(input);
      const state = algorithm.create();
      for (let at = 0; at < bytes.length; at += BLOCK) {
        context.work.step(BLOCK >> 4);
        state.update(bytes.subarray(at, at + BLOCK));
      }
      return toHex(state.digest());
    },
  };
}

/** Hashes of texts, as lower-case hexadecimal (expressions.md §9.1). */
export const hashFilters: Readonly<Record<string, FilterDefinition>> = {
  md5: hash(md5),
  sha1: hash(sha1),
  sha256: hash(sha256),
  sha512: hash(sha512),
};
