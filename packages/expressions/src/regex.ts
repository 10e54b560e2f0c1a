import { RE2JS } from 're2js';
import { Failure, fail } from './errors.ts';
import { GenerationCache } from './cache.ts';
import { matcherOf } from './regex-input.ts';
import { splitAt } from './search.ts';
import type { Work } from './work.ts';

const MAX_PATTERN = 4096;
/** Parts of a pattern when its counted repetitions are written out, as the compiler does. */
const MAX_EXPANDED = 5000;
const compiled = new GenerationCache<RE2JS>(256, 256 * 1024);

/**
 * Compiles a Java-like regular expression for a matcher of linear time, so that no pattern can hold the process.
 * Look-around and back-references, which have no linear-time form, fail with a clear message.
 */
export function compileRegex(pattern: string, work: Work, flags = 0): RE2JS {
  if (pattern.length > MAX_PATTERN) fail(`A regular expression has at most ${MAX_PATTERN} characters`);
  if (expandedSize(pattern) > MAX_EXPANDED) fail('The regular expression repeats too much');
  const key = `${flags}:${pattern}`;
  const known = compiled.get(key);
  if (known !== undefined) return known;
  // Compiling takes some microseconds for each part.
  work.step(expandedSize(pattern) * 16);
  try {
    const regex = RE2JS.compile(pattern, flags | RE2JS.LOOKBEHINDS);
    compiled.set(key, regex, pattern.length);
    return regex;
  } catch (error) {
    // Without the part of the pattern at its end: the whole one is shown, and in it a secret can be masked.
    const reason = (error as Error).message.replace(/: `[^]*`$/, '');
    throw new Failure(`The regular expression \`${pattern}\` can not be used: ${reason}`);
  }
}

const COUNT = /\{(\d{1,6})(?:,(\d{0,6}))?\}/y;

/** About how many parts a pattern has when `x{1000}` is written out. */
function expandedSize(pattern: string): number {
  const groups = [0];
  let last = 0;
  const add = (size: number): void => {
    last = size;
    groups.push((groups.pop() ?? 0) + size);
  };
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at];
    if (character === '\\') at += 1;
    if (character === '(') {
      groups.push(0);
    } else if (character === ')') {
      add((groups.length > 1 ? (groups.pop() ?? 0) : 0) + 2);
    } else if (character === '{') {
      COUNT.lastIndex = at;
      const count = COUNT.exec(pattern);
      if (count === null) continue;
      const size = last;
      add(size * Math.max(Number(count[1]), Number(count[2] ?? 0), 1));
      last += size;
      at += count[0].length - 1;
    } else {
      add(1);
    }
  }
  return groups.reduce((sum, size) => sum + size, 0);
}

/** True when the whole text matches. */
export function matchesWhole(regex: RE2JS, input: string, work: Work): boolean {
  return matcherOf(regex, input, work).matches();
}

/** True when some part of the text matches. */
export function matchesPart(regex: RE2JS, input: string, work: Work): boolean {
  return matcherOf(regex, input, work).find();
}

export interface Match {
  readonly start: number;
  readonly end: number;
  /** Groups from 0 (the whole match); null for a group that took no part. */
  readonly groups: readonly (string | null)[];
  readonly starts: readonly number[];
  readonly names: Readonly<Record<string, number>>;
}

/** The matches of a text one after the other, at most `limit`. */
export function* allMatches(
  regex: RE2JS,
  input: string,
  work: Work,
  limit = Number.POSITIVE_INFINITY,
): Generator<Match> {
  const matcher = matcherOf(regex, input, work);
  const groupCount = regex.groupCount();
  const names = { ...regex.namedGroups() } as Record<string, number>;
  for (let count = 0; count < limit && matcher.find(); count += 1) {
    work.step();
    const groups: (string | null)[] = [];
    const starts: number[] = [];
    for (let group = 0; group <= groupCount; group += 1) {
      groups.push(matcher.group(group) ?? null);
      starts.push(matcher.start(group));
    }
    yield { start: matcher.start(0), end: matcher.end(0), groups, starts, names };
  }
}

/** `replaceAll` with `$1`, `${name}` and backslash escapes in the replacement, as the reference's host has it. */
export function replaceRegex(regex: RE2JS, input: string, replacement: string, work: Work): string {
  const pieces = parseReplacement(replacement, regex);
  let out = '';
  let last = 0;
  for (const match of allMatches(regex, input, work)) {
    out += input.slice(last, match.start);
    for (const piece of pieces) out += typeof piece === 'string' ? piece : (match.groups[piece] ?? '');
    if (out.length > work.limits.maxOutput) work.text(out.length);
    last = match.end;
  }
  out += input.slice(last);
  work.text(out.length);
  return out;
}

function parseReplacement(replacement: string, regex: RE2JS): (string | number)[] {
  const pieces: (string | number)[] = [];
  const groupCount = regex.groupCount();
  for (let at = 0; at < replacement.length; at += 1) {
    const character = replacement[at] ?? '';
    if (character === '\\') {
      at += 1;
      if (at >= replacement.length) fail('The replacement ends with a backslash');
      pieces.push(replacement[at] ?? '');
    } else if (character === '$') {
      const named = /^\$\{([a-zA-Z][a-zA-Z0-9]*)\}/.exec(replacement.slice(at, at + 64));
      if (named !== null) {
        const group = regex.namedGroups()[named[1] ?? ''];
        if (group === undefined) return fail(`The regular expression has no group named \`${named[1]}\``);
        pieces.push(group);
        at += named[0].length - 1;
        continue;
      }
      const first = replacement[at + 1] ?? '';
      if (!/^\d$/.test(first)) fail('A `$` in the replacement must be followed by a group');
      let group = Number(first);
      if (group > groupCount) fail(`The regular expression has no group ${group}`);
      at += 1;
      for (let digit = replacement[at + 1] ?? ''; /^\d$/.test(digit); digit = replacement[at + 1] ?? '') {
        const wider = group * 10 + Number(digit);
        if (wider > groupCount) break;
        group = wider;
        at += 1;
      }
      pieces.push(group);
    } else {
      pieces.push(character);
    }
  }
  return pieces;
}

const META = /[\\^$.|?*+()[\]{}]/;

/**
 * Splits at a regular expression. Limit 0 drops empty parts at the end, a positive one bounds the number of parts,
 * a negative one keeps all (expressions.md §9.1). An empty match at the start gives no empty part.
 */
export function splitRegex(delimiter: string, input: string, limit: number, work: Work): string[] {
  work.text(input.length);
  const parts =
    META.test(delimiter) || delimiter === ''
      ? splitAtMatches(delimiter, input, limit, work)
      : splitAt(input, delimiter, limit, work);
  work.step(parts.length);
  if (limit === 0) {
    while (parts.length > 1 && parts.at(-1) === '') parts.pop();
    if (parts.length === 1 && parts[0] === '' && input !== '') parts.pop();
  }
  return parts;
}

function splitAtMatches(delimiter: string, input: string, limit: number, work: Work): string[] {
  const regex = compileRegex(delimiter, work);
  const parts: string[] = [];
  let last = 0;
  for (const match of allMatches(regex, input, work)) {
    if (limit > 0 && parts.length === limit - 1) break;
    if (match.end === 0) continue;
    if (match.start === match.end && match.start >= input.length) continue;
    parts.push(input.slice(last, match.start));
    last = match.end;
  }
  parts.push(input.slice(last));
  return parts;
}
