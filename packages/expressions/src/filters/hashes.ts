import { md5, sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { toHex, utf8 } from '../bytes.ts';
import type { FilterDefinition } from '../definitions.ts';
import { fail } from '../errors.ts';
import { typeName } from '../values.ts';

function hash(digest: (bytes: Uint8Array) => Uint8Array): FilterDefinition {
  return {
    params: null,
    apply: (input, _args, context) => {
      if (typeof input !== 'string') return fail(`The filter needs a text, not ${typeName(input)}`);
      context.work.step(input.length >> 4);
      return toHex(digest(utf8(input)));
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
