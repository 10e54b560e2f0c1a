import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap as isYamlMap,
  isScalar,
  isSeq,
  Lexer,
  Parser,
  type Tags,
} from 'yaml';
import { fail, Failure, failLimit } from './errors.ts';
import { MAX_DIGITS } from './numbers.ts';
import { decimal, makeMap, type Value } from './values.ts';
import { toPlainValue } from './plain.ts';
import { DEFAULT_LIMITS, MAX_NESTING, Work } from './work.ts';

const MAX_TEXT = 1024 * 1024;
/** The reader puts the lines of one text together without a pause. */
const MAX_LINES = 20_000;
/**
 * Whole numbers of more digits than `MAX_DIGITS` stay texts, since making one takes time that grows with the square. No characters at all
 * are within the bound: that is how null is mostly written.
 */
const NOT_TOO_LONG = `^(?=[^]{0,${MAX_DIGITS}}$)`;
/** Every key, value, bracket, indentation and line end is a token. */
const MAX_TOKENS = 200_000;
const STEPS_PER_TOKEN = 4;
const DROPPED = new Set(
  ['timestamp', 'binary', 'omap', 'pairs', 'set', 'merge'].map((name) => `tag:yaml.org,2002:${name}`),
);

/** YAML 1.1 scalars without dates, binaries and numbers to the base of sixty, which all stay texts. */
function tags(all: Tags): Tags {
  return all
    .filter((tag) => typeof tag === 'string' || (!DROPPED.has(tag.tag) && !('format' in tag && tag.format === 'TIME')))
    .map((tag) => {
      if (typeof tag === 'string' || !('test' in tag) || tag.test === undefined) return tag;
      return { ...tag, test: new RegExp(NOT_TOO_LONG + tag.test.source.replace(/^\^/, ''), tag.test.flags) };
    });
}

/**
 * The value of the first document of a YAML text (expressions.md §12.2). Aliases are not followed: one reads as the
 * name that it refers to, which also keeps a short text from growing without bound.
 */
export function parseYaml(text: string, work: Work): Value {
  if (text.length > MAX_TEXT) failLimit(`A YAML text has at most ${MAX_TEXT} characters`);
  work.text(text.length * 4);
  checkNesting(text);
  checkTokens(text, work);
  const document = parsed(text, work);
  if (document === undefined || document.contents === null) return fail('The text is empty, YAML was expected');
  const [error] = document.errors;
  if (error !== undefined) {
    // The reader reports its own overflow as an error of the text.
    if (error.message.includes('call stack')) failLimit('The YAML text is nested too deeply');
    throw new Failure(`The text is no YAML: ${reasonIn(error.message)}`);
  }
  return convert(document.contents, work, 0);
}

/**
 * The first document of a YAML text as plain data, for hosts: as `yaml()` reads it, within the bounds of a rendering. Throws an Error
 * that says what is wrong.
 */
export function readYaml(text: string, clock: () => number = () => 0): unknown {
  return toPlainValue(parseYaml(text, new Work(DEFAULT_LIMITS, clock)));
}

/** The first document, read token by token, so that the bounds on work are looked at in between. */
function parsed(text: string, work: Work): Document.Parsed | undefined {
  const parser = new Parser();
  const composer = new Composer({
    version: '1.1',
    schema: 'yaml-1.1',
    merge: false,
    customTags: tags,
    intAsBigInt: true,
    uniqueKeys: false,
    logLevel: 'silent',
  });
  let first: Document.Parsed | undefined;
  const compose = (tokens: Iterable<CST.Token>): void => {
    for (const token of tokens) {
      if (token.type === 'document' && token.value !== undefined) count(token.value, work, 0);
      for (const document of composer.next(token)) first ??= document;
    }
  };
  try {
    for (const lexeme of new Lexer().lex(text)) {
      work.step(STEPS_PER_TOKEN);
      compose(parser.next(lexeme));
      if (first !== undefined) return first;
    }
    compose(parser.end());
    for (const document of composer.end(true, text.length)) first ??= document;
    return first;
  } catch (error) {
    if (error instanceof Failure) throw error;
    // Deep nesting by indentation ends on the reader's stack.
    if (error instanceof RangeError) return failLimit('The YAML text is nested too deeply');
    throw new Failure(`The text is no YAML: ${reasonIn((error as Error).message)}`);
  }
}

/** What the reader says, with the place, but without what it quotes of the text: parts of a secret could not be recognised in it. */
function reasonIn(message: string): string {
  const [line = ''] = message.split('\n', 1);
  const [reason = ''] = line.split(/[:"`]/, 1);
  const place = / at line \d+, column \d+/.exec(line)?.[0] ?? '';
  return reason.endsWith(place) ? reason : `${reason}${place}`;
}

/**
 * Makes the composer count: it can not be told to stop, but it asks each item of a collection for its beginning, and
 * asking is what looks at the bounds.
 */
function count(token: CST.Token, work: Work, depth: number): void {
  if (depth > MAX_NESTING) failLimit('The YAML text is nested too deeply');
  if (!('items' in token)) return countLines(token, work);
  for (const item of token.items) {
    work.step();
    const { start } = item;
    Object.defineProperty(item, 'start', {
      get: () => {
        work.step(STEPS_PER_TOKEN);
        return start;
      },
    });
    if (item.key !== undefined && item.key !== null) count(item.key, work, depth + 1);
    if (item.value !== undefined) count(item.value, work, depth + 1);
  }
}

function countLines(token: CST.Token, work: Work): void {
  if (!('source' in token)) return;
  let lines = 0;
  for (let at = token.source.indexOf('\n'); at !== -1; at = token.source.indexOf('\n', at + 1)) lines += 1;
  work.step(lines);
  if (lines > MAX_LINES) failLimit(`A text of the YAML text has more than ${MAX_LINES} lines`);
}

/** Refuses a pile of opening brackets before the reader recurses into it. */
function checkNesting(text: string): void {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x5b || code === 0x7b) depth += 1;
    else if (code === 0x5d || code === 0x7d) depth -= 1;
    if (depth > MAX_NESTING) failLimit('The YAML text is nested too deeply');
  }
}

/** Counts the parts of a text, which costs little, before the reader makes nodes of them, which costs a lot. */
function checkTokens(text: string, work: Work): void {
  // No text has more tokens than characters and a few marks.
  if (text.length < MAX_TOKENS / 2) return;
  let tokens = 0;
  for (const token of new Lexer().lex(text)) {
    tokens += token === '' ? 0 : 1;
    work.step();
    if (tokens > MAX_TOKENS) failLimit(`The YAML text has more than ${MAX_TOKENS} tokens`);
  }
}

function convert(node: unknown, work: Work, depth: number): Value {
  if (depth > MAX_NESTING) failLimit('The YAML text is nested too deeply');
  work.step();
  if (isAlias(node)) return node.source;
  if (isSeq(node)) return node.items.map((item) => convert(item, work, depth + 1));
  if (isYamlMap(node)) {
    const entries = node.items.map(({ key, value }) => [keyOf(key), convert(value, work, depth + 1)] as const);
    return makeMap(new Map(entries));
  }
  return isScalar(node) ? scalar(node.value, node.source) : null;
}

function scalar(value: unknown, source: string | undefined): Value {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (typeof value === 'number') return decimal(value);
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  return source ?? null;
}

/** Keys are texts as they were written. */
function keyOf(key: unknown): string {
  if (isAlias(key)) return key.source;
  if (!isScalar(key)) return fail('A key of the YAML text is no scalar');
  return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value));
}
