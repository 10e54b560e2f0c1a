import { RE2JS } from 're2js';

/** A regular expression of a flow (Java's dialect), matched against whole texts. */
export interface Pattern {
  matches(text: string): boolean;
}

/** Longest pattern, in characters. */
const MAX_PATTERN = 2000;
/** Longest text that is matched by a pattern with look-around, which has no linear-time form. */
const MAX_BACKTRACKED = 1000;

/**
 * Compiles a pattern for a matcher of linear time; one with look-around or back-references falls back to the platform's matcher
 * on short texts (a longer one does not match). Undefined when it is no regular expression.
 */
export function compilePattern(source: string): Pattern | undefined {
  if (source.length > MAX_PATTERN) return undefined;
  try {
    const regex = RE2JS.compile(source);
    return { matches: (text) => regex.matches(text) };
  } catch {
    // Not RE2's: perhaps it has look-around.
    return compileBacktracking(source);
  }
}

function compileBacktracking(source: string): Pattern | undefined {
  try {
    const regex = new RegExp(`^(?:${source})$`, 'u');
    return { matches: (text) => text.length <= MAX_BACKTRACKED && regex.test(text) };
  } catch {
    return undefined;
  }
}
