import { createContext, Script } from 'node:vm';
import { RE2JS } from 're2js';
import { nestedClasses } from './java-classes.ts';
import { forJavaScript } from './java-escapes.ts';

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
  const pattern = withoutJavaNames(source);
  // RE2 would take their brackets and `&&` for characters.
  const nested = nestedClasses(pattern);
  if (nested !== undefined) return compileBacktracking(nested, 'v');
  try {
    const regex = RE2JS.compile(pattern);
    return { matches: (text) => regex.matches(text) };
  } catch {
    // Not RE2's: perhaps it has look-around, or counts beyond 1,000.
    return compileBacktracking(pattern, 'u');
  }
}

const HORIZONTAL_SPACE = String.raw`[ \t\u00A0\u1680\u180E\u2000-\u200A\u202F\u205F\u3000]`;
const LINE_BREAK = String.raw`(?:\r\n|[\n\u000B\f\r\u0085\u2028\u2029])`;

/** What only Java has names for, written out. Escaped characters are stepped over. */
const withoutJavaNames = (source: string): string =>
  source.replaceAll(
    /\\(?:([hR])|([pP])\{Is([A-Za-z_]+)\}|[^])/g,
    (escaped, short?: string, p?: string, property?: string) => {
      if (short !== undefined) return short === 'h' ? HORIZONTAL_SPACE : LINE_BREAK;
      return p === undefined ? escaped : `\\${p}{${property!}}`;
    },
  );

function compileBacktracking(source: string, flags: 'u' | 'v'): Pattern | undefined {
  try {
    const { pattern, flags: more } = forJavaScript(source, flags);
    const regex = new RegExp(`^(?:${pattern})$`, flags + more);
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
