import { searchWords } from '@tiercel/store';

const MAX_FRAGMENTS = 5;
/** Characters of a line that are shown, around its first hit. */
const MAX_LINE = 200;
const BEFORE = 60;
/** Lines that are looked at: a source may have millions of them. */
const MAX_HITS = 10_000;

interface Hit {
  readonly index: number;
  readonly text: string;
  /** Different words in the line. */
  readonly words: number;
}

/**
 * Pieces of a source where the words of a search stand, each hit between `[mark]` and `[/mark]` (rest-api.md §8): the lines with the most of
 * the words, in the order of the source. None without words.
 */
export function fragmentsOf(source: string, q: string): readonly string[] {
  const words = searchWords(q);
  if (words.length === 0) return [];
  // Words are letters, digits and underscores: nothing in them means anything to an expression. Longer ones first.
  const pattern = new RegExp(words.toSorted((a, b) => b.length - a.length).join('|'), 'giu');
  const hits: Hit[] = [];
  for (const [index, line] of source.split('\n').entries()) {
    const found = new Set<string>();
    for (const [word] of line.matchAll(pattern)) found.add(word.toLowerCase());
    if (found.size > 0) hits.push({ index, text: line, words: found.size });
    if (hits.length >= MAX_HITS) break;
  }
  return hits
    .toSorted((a, b) => b.words - a.words || a.index - b.index)
    .slice(0, MAX_FRAGMENTS)
    .toSorted((a, b) => a.index - b.index)
    .map(({ text }) => marked(text, pattern));
}

function marked(line: string, pattern: RegExp): string {
  const first = line.search(pattern);
  const start = line.length <= MAX_LINE ? 0 : Math.max(0, first - BEFORE);
  return line
    .slice(start, start + MAX_LINE)
    .trim()
    .replace(pattern, '[mark]$&[/mark]');
}
