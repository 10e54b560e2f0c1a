import { createContext, Script } from 'node:vm';
import { RE2JS } from 're2js';

/** A regular expression of a flow (Java's dialect), matched against whole texts. */
export interface Pattern {
  /** `undecided`: a pattern with look-around took more than its time. */
  matches(text: string): boolean | 'undecided';
}

/** Longest pattern, in characters. */
const MAX_PATTERN = 2000;
/** Longest time for one match of a pattern with look-around, which has no linear-time form; in ms. */
const MAX_MATCH_MS = 50;

/**
 * Compiles a pattern for a matcher of linear time; one with look-around or back-references falls back to the platform's matcher,
 * whose time is bounded. Undefined when it is no regular expression.
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
    return { matches: (text) => testWithin(regex, text) };
  } catch {
    return undefined;
  }
}

const TEST = new Script('regex.test(text)');

/** Runs a match as a script of its own: that is the one thing of the platform that can be stopped from outside. */
function testWithin(regex: RegExp, text: string): boolean | 'undecided' {
  try {
    return TEST.runInContext(createContext({ regex, text }), { timeout: MAX_MATCH_MS }) as boolean;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return 'undecided';
    throw error;
  }
}
