import { YAMLException } from 'js-yaml';
import type { Place } from '../problem.ts';
import { lineCounter } from './lines.ts';
import { readTrees, type YamlNode } from './tree.ts';

/** The trees of a source, and the text and the places that their offsets refer to. */
export interface ReadTrees {
  readonly trees: readonly YamlNode[];
  readonly text: string;
  readonly at: (offset: number) => Place;
}

/** How the parser names what the reference takes: a line in brackets or quotes that does not stand deeper than its key. */
const TOO_FAR_LEFT = 'deficient indentation';
/** Places at which lines begin too far left. */
const MAX_FOUND = 50;
/** Blanks that may be put in. */
const MAX_BLANKS = 4 * 1024 * 1024;

/**
 * Reads the trees of a source as the reference does: between brackets and quotes, lines may begin anywhere (`values: [` with its `]` at the
 * left margin). YAML 1.2 wants them deeper than their key; blanks before them mean nothing, so that is where they are put.
 * Raises `YAMLException` for what is no YAML.
 */
export function readLeniently(source: string, maxDepth: number): ReadTrees {
  try {
    return { trees: readTrees(source, maxDepth), text: source, at: lineCounter(source) };
  } catch (error) {
    if (!isTooFarLeft(error)) throw error;
    return readIndented(source, maxDepth, error);
  }
}

const isTooFarLeft = (error: unknown): error is YAMLException =>
  error instanceof YAMLException && error.reason === TOO_FAR_LEFT;

function readIndented(source: string, maxDepth: number, first: YAMLException): ReadTrees {
  const width = 1 + deepest(source);
  const rows = source.split('\n');
  const read = (lines: ReadonlySet<number>): ReadTrees | number => readWith(rows, lines, width, maxDepth);
  let lines: ReadonlySet<number> = new Set();
  let outcome: ReadTrees | number = lineCounter(source)(first.mark?.position ?? 0).line;
  for (let found = 0; found < MAX_FOUND && typeof outcome === 'number' && lines.size * width < MAX_BLANKS; found++) {
    const line: number = outcome;
    if (line === NOT_YAML || lines.has(line)) throw first;
    const untilClosed: ReadonlySet<number> = new Set([...lines, ...linesToBracket(rows, line)]);
    outcome = read((lines = untilClosed));
    // It stands in quotes and not between brackets, so nothing is known of the lines behind it.
    if (outcome === NOT_YAML) outcome = read((lines = new Set([...untilClosed].filter((n) => n <= line))));
  }
  if (typeof outcome === 'number') throw first;
  return outcome;
}

/** For a text that is no YAML for another reason. */
const NOT_YAML = -1;

/** The trees with blanks before some lines; or the number, from 1, of the first line that still stands too far left. */
function readWith(
  rows: readonly string[],
  lines: ReadonlySet<number>,
  width: number,
  maxDepth: number,
): ReadTrees | number {
  const blanks = ' '.repeat(width);
  const text = rows.map((row, index) => (lines.has(index + 1) ? blanks + row : row)).join('\n');
  const lineAt = lineCounter(text);
  try {
    const at = (offset: number): Place => {
      const { line, column } = lineAt(offset);
      return { line, column: lines.has(line) ? Math.max(1, column - width) : column };
    };
    return { trees: readTrees(text, maxDepth), text, at };
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    return isTooFarLeft(error) ? lineAt(error.mark?.position ?? 0).line : NOT_YAML;
  }
}

/**
 * Lines from one that begins between brackets to the one that closes them; only the first when they are not closed. Numbers from 1.
 */
function linesToBracket(rows: readonly string[], from: number): readonly number[] {
  const lines: number[] = [];
  const scan = { depth: 0, quote: '' };
  for (let line = from; line <= rows.length; line++) {
    lines.push(line);
    scanRow(scan, rows[line - 1]!);
    if (scan.depth < 0) return lines;
  }
  return [from];
}

/** Counts the brackets of one row, until one closes what was open before. */
function scanRow(scan: { depth: number; quote: string }, row: string): void {
  for (let at = 0; at < row.length; at++) {
    const character = row[at]!;
    const isFirst = at === 0 || ' \t[{,:'.includes(row[at - 1]!);
    if (scan.quote !== '') {
      if (character === '\\' && scan.quote === '"') at += 1;
      else if (character === scan.quote) scan.quote = '';
    } else if (isFirst && (character === '"' || character === "'")) scan.quote = character;
    else if (isFirst && character === '#') return;
    else if (character === '[' || character === '{') scan.depth += 1;
    else if (character === ']' || character === '}') scan.depth -= 1;
    if (scan.depth < 0) return;
  }
}

/** The deepest indentation of a source, in columns. */
function deepest(source: string): number {
  let most = 0;
  for (const [blanks] of source.matchAll(/^ +/gm)) most = Math.max(most, blanks.length);
  return most;
}
