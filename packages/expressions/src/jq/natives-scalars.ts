import { RE2JS } from 're2js';
import { Failure } from '../errors.ts';
import { utf8 } from '../bytes.ts';
import { parseJson } from '../json.ts';
import { allMatches, compileRegex, type Match } from '../regex.ts';
import { inBlocks } from '../blocks.ts';
import { endsWith, startsWith, TextSearch } from '../search.ts';
import { isInteger, isMap, isNumber, makeMap, mapSize, toDouble, type Value } from '../values.ts';
import type { Work } from '../work.ts';
import { formatText, toText } from './formats.ts';
import type { Native, NativeCall } from './natives.ts';
import { indicesOf, jqFail, numeric, shown, splitText, typeOf } from './values.ts';
import { jsonOf } from '../print.ts';

/** A function of the input alone. */
function ofInput(run: (value: Value, work: Work) => Value): Native {
  return function* native({ machine, input }) {
    yield machine.fresh(run(input.value, machine.work), input);
  };
}

/** A function of the input and of each combination of the arguments. */
function ofArgs(run: (value: Value, args: readonly Value[], work: Work) => Value): Native {
  return function* native(call) {
    for (const args of combinations(call, 0, [])) {
      yield call.machine.fresh(run(call.input.value, args, call.machine.work), call.input);
    }
  };
}

function* combinations(call: NativeCall, index: number, done: readonly Value[]): Generator<readonly Value[]> {
  const node = call.args[index];
  if (node === undefined) {
    yield done;
    return;
  }
  for (const value of call.machine.values(node, call.env, call.input.value)) {
    yield* combinations(call, index + 1, [...done, value]);
  }
}

function text(value: Value, what: string, work: Work): string {
  return typeof value === 'string' ? value : jqFail(`${typeOf(value)} (${shown(value, work)}) ${what}`);
}

function math(run: (value: number) => number): Native {
  return ofInput((value, work) =>
    isNumber(value)
      ? numeric(run(toDouble(value)))
      : jqFail(`${typeOf(value)} (${shown(value, work)}) number required`),
  );
}

function math2(run: (a: number, b: number) => number): Native {
  return ofArgs((_input, [a, b], work) =>
    isNumber(a) && isNumber(b)
      ? numeric(run(toDouble(a), toDouble(b)))
      : jqFail(`${typeOf(a ?? null)} (${shown(a ?? null, work)}) number required`),
  );
}

function toNumber(value: Value, work: Work): Value {
  if (isNumber(value)) return value;
  if (typeof value !== 'string') return jqFail(`${typeOf(value)} (${shown(value, work)}) cannot be parsed as a number`);
  const trimmed = value.trim();
  if (!/^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(trimmed)) {
    return jqFail(`${value} cannot be parsed as a number`);
  }
  return numeric(Number(trimmed));
}

/** Characters, not code units. */
function characters(value: string, work: Work): number {
  let count = value.length;
  for (let at = 1; at < value.length; at += 1) {
    if (at % 8192 === 0) work.step(64);
    const code = value.charCodeAt(at);
    if (code < 0xdc00 || code > 0xdfff) continue;
    const before = value.charCodeAt(at - 1);
    if (before >= 0xd800 && before <= 0xdbff) count -= 1;
  }
  return count;
}

function lengthOf(value: Value, work: Work): Value {
  if (value === null) return 0;
  if (typeof value === 'string') return characters(value, work);
  if (isNumber(value)) return numeric(Math.abs(toDouble(value)));
  if (Array.isArray(value)) return value.length;
  return isMap(value) ? mapSize(value) : jqFail(`${typeOf(value)} has no length`);
}

function fromJsonText(value: Value, work: Work): Value {
  const source = text(value, 'cannot be parsed as JSON', work);
  try {
    return parseJson(source, work);
  } catch (error) {
    if (error instanceof Failure && error.kind === 'evaluation') return jqFail(error.message);
    throw error;
  }
}

function implode(value: Value, work: Work): Value {
  if (!Array.isArray(value)) return jqFail('implode input must be an array');
  let out = '';
  for (const [index, code] of (value as Value[]).entries()) {
    if (index % 8 === 0) work.step();
    if (!isNumber(code) || !isInteger(code) || toDouble(code) < 0 || toDouble(code) > 0x10ffff) {
      return jqFail('Unicode codepoint must be numeric');
    }
    out += String.fromCodePoint(toDouble(code));
  }
  return out;
}

function indices(value: Value, [wanted = null]: readonly Value[], work: Work): Value {
  if (value === null) return null;
  if (typeof value === 'string') {
    const part = text(wanted, 'cannot be searched for in a string', work);
    if (part === '') return null;
    const found: Value[] = [];
    const search = new TextSearch(value, part, work);
    for (let at = search.next(0); at !== -1; at = search.next(at + 1)) {
      // Places may overlap, so that each costs as much as the part is long.
      work.step(1 + (part.length >> 7));
      found.push(at);
    }
    return found;
  }
  if (!Array.isArray(value)) return jqFail(`Cannot determine indices of ${typeOf(value)}`);
  return indicesOf(value as Value[], Array.isArray(wanted) ? (wanted as Value[]) : [wanted], work);
}

interface Options {
  readonly global: boolean;
  readonly noEmpty: boolean;
  readonly flags: number;
}

function options(value: Value): Options {
  const letters =
    value === null ? '' : typeof value === 'string' ? value : jqFail('The flags of a match must be a string');
  let flags = 0;
  for (const letter of letters) {
    if (letter === 'i') flags |= RE2JS.CASE_INSENSITIVE;
    else if (letter === 's' || letter === 'p') flags |= RE2JS.DOTALL;
    else if (!'gnxl'.includes(letter)) jqFail(`${letters} is not a valid modifier string`);
  }
  return { global: letters.includes('g'), noEmpty: letters.includes('n'), flags };
}

/** The arguments of `match`: a pattern, or a list of a pattern and flags. */
function regexArgs(pattern: Value, flags: Value, work: Work): { source: string; options: Options } {
  if (Array.isArray(pattern)) {
    const [source, own = null] = pattern as Value[];
    return { source: text(source ?? null, 'cannot be matched, as it is not a string', work), options: options(own) };
  }
  return { source: text(pattern, 'cannot be matched, as it is not a string', work), options: options(flags) };
}

function* matches(subject: string, source: string, { global, noEmpty, flags }: Options, work: Work): Generator<Match> {
  const regex = compileRegex(source, work, flags);
  for (const match of allMatches(regex, subject, work)) {
    if (noEmpty && match.start === match.end) continue;
    yield match;
    if (!global) return;
  }
}

/** A match as jq describes it; offsets count characters, not code units. */
function matchObject(subject: string, match: Match): Value {
  const offset = (at: number): number => (at < 0 ? -1 : Array.from(subject.slice(0, at)).length);
  const names = new Map(Object.entries(match.names).map(([name, group]) => [group, name]));
  const captures = match.groups.slice(1).map((group, index) =>
    makeMap([
      ['offset', group === null ? -1 : offset(match.starts[index + 1] ?? -1)],
      ['length', group === null ? 0 : [...group].length],
      ['string', group],
      ['name', names.get(index + 1) ?? null],
    ]),
  );
  const whole = match.groups[0] ?? '';
  return makeMap([
    ['offset', offset(match.start)],
    ['length', [...whole].length],
    ['string', whole],
    ['captures', captures],
  ]);
}

/** `sub` and `gsub`: the replacement is a program that sees the named groups. */
const substitute: Native = function* native(call) {
  const { machine, input, env, args } = call;
  const [patternNode, replacement, flagsNode] = args;
  if (patternNode === undefined || replacement === undefined || flagsNode === undefined) return;
  const subject = text(input.value, 'cannot be matched, as it is not a string', machine.work);
  for (const pattern of machine.values(patternNode, env, subject)) {
    for (const flags of machine.values(flagsNode, env, subject)) {
      const wanted = regexArgs(pattern, flags, machine.work);
      let out = '';
      let last = 0;
      for (const match of matches(subject, wanted.source, wanted.options, machine.work)) {
        const groups = makeMap(
          Object.entries(match.names).map(([name, group]) => [name, match.groups[group] ?? null] as const),
        );
        const first = machine.values(replacement, env, groups).next();
        const piece = first.done === true ? '' : text(first.value, 'cannot be added to a string', machine.work);
        machine.work.text(out.length + piece.length);
        out += subject.slice(last, match.start) + piece;
        last = match.end;
      }
      yield machine.fresh(out + subject.slice(last), input);
    }
  }
};

const match2: Native = function* native(call) {
  const { machine, input } = call;
  for (const [pattern = null, flags = null] of combinations(call, 0, [])) {
    const subject = text(input.value, 'cannot be matched, as it is not a string', machine.work);
    const wanted = regexArgs(pattern, flags, machine.work);
    for (const match of matches(subject, wanted.source, wanted.options, machine.work)) {
      machine.work.text(subject.length);
      yield machine.fresh(matchObject(subject, match), input);
    }
  }
};

/** Functions on texts and numbers (expressions.md §11). */
export const scalarNatives: Readonly<Record<string, Native>> = {
  'length/0': ofInput(lengthOf),
  'utf8bytelength/0': ofInput((value, work) => {
    const subject = text(value, 'only strings have UTF-8 byte length', work);
    work.text(subject.length);
    return utf8(subject).length;
  }),
  'tostring/0': ofInput(toText),
  'tonumber/0': ofInput(toNumber),
  'tojson/0': ofInput((value, work) => jsonOf(value, work, true)),
  'fromjson/0': ofInput(fromJsonText),
  'ascii_downcase/0': ofInput((value, work) =>
    inBlocks(text(value, 'cannot be lowercased', work), work, (block) =>
      block.replace(/[A-Z]+/g, (run) => run.toLowerCase()),
    ),
  ),
  'ascii_upcase/0': ofInput((value, work) =>
    inBlocks(text(value, 'cannot be uppercased', work), work, (block) =>
      block.replace(/[a-z]+/g, (run) => run.toUpperCase()),
    ),
  ),
  'explode/0': ofInput((value, work) => {
    const codes: Value[] = [];
    for (const letter of text(value, 'cannot be exploded', work)) {
      if (codes.length % 8 === 0) work.step();
      codes.push(letter.codePointAt(0) ?? 0);
    }
    return codes;
  }),
  'implode/0': ofInput(implode),
  'startswith/1': ofArgs((value, [part = null], work) =>
    startsWith(
      text(value, 'startswith() requires string inputs', work),
      text(part, 'startswith() requires string inputs', work),
      work,
    ),
  ),
  'endswith/1': ofArgs((value, [part = null], work) =>
    endsWith(
      text(value, 'endswith() requires string inputs', work),
      text(part, 'endswith() requires string inputs', work),
      work,
    ),
  ),
  'ltrimstr/1': ofArgs((value, [part], work) =>
    typeof value === 'string' && typeof part === 'string' && startsWith(value, part, work)
      ? value.slice(part.length)
      : value,
  ),
  'rtrimstr/1': ofArgs((value, [part], work) =>
    typeof value === 'string' && typeof part === 'string' && part !== '' && endsWith(value, part, work)
      ? value.slice(0, -part.length)
      : value,
  ),
  'split/1': ofArgs((value, [separator = null], work) =>
    splitText(
      text(value, 'split input and separator must be strings', work),
      text(separator, 'split input and separator must be strings', work),
      work,
    ),
  ),
  'indices/1': ofArgs(indices),
  'test/2': ofArgs((value, [pattern = null, flags = null], work) => {
    const wanted = regexArgs(pattern, flags, work);
    const subject = text(value, 'cannot be matched, as it is not a string', work);
    return matches(subject, wanted.source, wanted.options, work).next().done !== true;
  }),
  'match/2': match2,
  'sub/3': substitute,
  'format/1': ofArgs((value, [name = null], work) =>
    formatText(text(name, 'is not a valid format', work), value, work),
  ),
  'isinfinite/0': ofInput((value) => isNumber(value) && Math.abs(toDouble(value)) === Number.POSITIVE_INFINITY),
  'isnan/0': ofInput((value) => isNumber(value) && Number.isNaN(toDouble(value))),
  'isfinite/0': ofInput((value) => isNumber(value) && Number.isFinite(toDouble(value))),
  'isnormal/0': ofInput(
    (value) => isNumber(value) && Number.isFinite(toDouble(value)) && Math.abs(toDouble(value)) >= 2 ** -1022,
  ),
  'floor/0': math(Math.floor),
  'round/0': math((value) => Math.sign(value) * Math.round(Math.abs(value))),
  'sqrt/0': math(Math.sqrt),
  'cbrt/0': math(Math.cbrt),
  'exp/0': math(Math.exp),
  'exp2/0': math((value) => 2 ** value),
  'exp10/0': math((value) => 10 ** value),
  'expm1/0': math(Math.expm1),
  'log/0': math(Math.log),
  'log2/0': math(Math.log2),
  'log10/0': math(Math.log10),
  'log1p/0': math(Math.log1p),
  'sin/0': math(Math.sin),
  'cos/0': math(Math.cos),
  'tan/0': math(Math.tan),
  'asin/0': math(Math.asin),
  'acos/0': math(Math.acos),
  'atan/0': math(Math.atan),
  'sinh/0': math(Math.sinh),
  'cosh/0': math(Math.cosh),
  'tanh/0': math(Math.tanh),
  'pow/2': math2((a, b) => a ** b),
  'atan2/2': math2(Math.atan2),
};
