/** Bounds of free text that is searched for: every word of it is looked for in every column of every row. */
const MAX_SEARCH_WORDS = 10;
const MAX_SEARCH_CHARACTERS = 200;

/** What stands between words. In names an underscore does, too. */
const BREAKS = { text: /[^\p{L}\p{N}_]+/u, names: /[^\p{L}\p{N}]+/u } as const;
export type SearchedIn = keyof typeof BREAKS;

/** The different words of `q` (rest-api.md §3). Not bounded: see `searchTextProblem`. */
export const searchWords = (q: string, searchedIn: SearchedIn = 'text'): readonly string[] => [
  ...new Set(q.split(BREAKS[searchedIn]).filter((word) => word !== '')),
];

/** A text that asks for nothing: everything is found. Any other text without words (`%`) is found nowhere. */
export const isAnything = (q: string): boolean => ['', '*'].includes(q.trim());

/** Why this text is not searched for; undefined when it is. */
export function searchTextProblem(q: string, searchedIn: SearchedIn = 'text'): string | undefined {
  if (q.length > MAX_SEARCH_CHARACTERS) return `a search text has at most ${MAX_SEARCH_CHARACTERS} characters`;
  const words = searchWords(q, searchedIn).length;
  return words > MAX_SEARCH_WORDS
    ? `a search text has at most ${MAX_SEARCH_WORDS} different words, this one ${words}`
    : undefined;
}
