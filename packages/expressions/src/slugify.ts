import { inBlocks } from './blocks.ts';
import { unboundedWork, type Work } from './work.ts';

/**
 * The text as a part of an address: white space and underscores become dashes, accents are decomposed, everything else
 * that is no letter, digit or dash goes (expressions.md §9.1).
 */
export function slugify(text: string, work: Work = unboundedWork()): string {
  return inBlocks(text, work, letters).replace(/-+/g, '-').replace(/^-|-$/g, '').toLowerCase();
}

/** What remains of each character by itself. */
function letters(text: string): string {
  return text
    .replace(/[ \t\n\v\f\r]/g, '-')
    .normalize('NFD')
    .replace(/[^\w-]/g, '')
    .replaceAll('_', '-');
}
