import type { Work } from './work.ts';

const BLOCK = 32_768;
const CHARACTERS_PER_STEP = 32;

/**
 * Converts a long text block by block, so that the bounds on work are looked at in between. For conversions that treat
 * each character by itself; a pair of surrogates is never taken apart.
 */
export function inBlocks(text: string, work: Work, convert: (block: string) => string): string {
  if (text.length <= BLOCK) return convert(text);
  let out = '';
  for (let at = 0, end = 0; at < text.length; at = end) {
    end = Math.min(at + BLOCK, text.length);
    const last = text.charCodeAt(end - 1);
    if (last >= 0xd800 && last <= 0xdbff && end < text.length) end += 1;
    work.step((end - at) / CHARACTERS_PER_STEP);
    out += convert(text.slice(at, end));
    if (out.length > work.limits.maxOutput) work.text(out.length);
  }
  return out;
}
