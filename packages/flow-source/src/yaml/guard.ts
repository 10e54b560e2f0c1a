import { Lexer } from 'yaml';
import type { Problem } from '../problem.ts';

/** Bounds on the text of a flow, so that no source holds the process (or ends it: deep nesting exhausts the YAML parser). */
export interface SourceLimits {
  /** Bytes of UTF-8. */
  readonly maxBytes: number;
  /** Tokens: every key, value, bracket, indentation and line end is one; a block of text is one. */
  readonly maxTokens: number;
  /** Levels of maps and lists. */
  readonly maxDepth: number;
}

export const DEFAULT_SOURCE_LIMITS: SourceLimits = { maxBytes: 4 * 1024 * 1024, maxTokens: 200_000, maxDepth: 100 };

/** Indentation that still can be a level, in columns, for each level allowed. */
const COLUMNS_PER_LEVEL = 4;

const refusal = (message: string, line?: number): Problem => ({
  kind: 'structure',
  message: `Illegal flow yaml: ${message}`,
  path: '',
  ...(line === undefined ? {} : { line, column: 1 }),
});

/**
 * Looks at the size of a source before anything expensive is done with it, and of a large one at the number of tokens and the nesting.
 * Linear in the length of the text. Answers why the source is refused, or undefined.
 */
export function guardSource(source: string, limits: SourceLimits): Problem | undefined {
  // A UTF-8 text has at least as many bytes as UTF-16 units: the cheap test first.
  if (source.length > limits.maxBytes || Buffer.byteLength(source) > limits.maxBytes) {
    return refusal(`the source has more than ${limits.maxBytes} bytes`);
  }
  if (source.includes('\0')) return refusal('the source has a NUL character');
  // A shorter text cannot have as many tokens; what it nests is for the parser to count.
  return source.length > limits.maxTokens ? guardTokens(source, limits) : undefined;
}

/** Looks at the number of tokens and the nesting. Slower than the parser itself. */
export function guardTokens(source: string, limits: SourceLimits): Problem | undefined {
  let tokens = 0;
  let line = 1;
  let brackets = 0;
  let indicators = 0;
  let lineStart = true;
  for (const token of new Lexer().lex(source)) {
    tokens += 1;
    if (tokens > limits.maxTokens) return refusal(`the source has more than ${limits.maxTokens} tokens`, line);
    const first = token[0];
    if (first === '\n' || first === '\r') {
      line += 1;
      indicators = 0;
      lineStart = true;
      continue;
    }
    if (first === '[' || first === '{') brackets += 1;
    else if (first === ']' || first === '}') brackets = Math.max(0, brackets - 1);
    // Inside brackets `:` and `-` are no levels of their own: the brackets are counted.
    else if (brackets === 0 && (token === '-' || token === '?' || token === ':')) indicators += 1;
    const columns = lineStart && brackets === 0 && first === ' ' ? token.length : 0;
    lineStart = false;
    if (Math.max(brackets, indicators, columns / COLUMNS_PER_LEVEL) > limits.maxDepth) {
      return refusal(`maps and lists are nested deeper than ${limits.maxDepth} levels`, line);
    }
    if (token.length > 1) line += countLines(token);
  }
  return undefined;
}

function countLines(token: string): number {
  let lines = 0;
  for (let at = token.indexOf('\n'); at !== -1; at = token.indexOf('\n', at + 1)) lines += 1;
  return lines;
}
