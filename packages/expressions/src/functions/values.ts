import type { Context } from '../context.ts';
import { type ArgValues, type FunctionDefinition, required, textArg, wholeArg } from '../definitions.ts';
import { fail } from '../errors.ts';
import { parseIon } from '../ion-read.ts';
import { parseJson } from '../json.ts';
import { ordered, range } from '../operators.ts';
import { isNumber, typeName, type Value } from '../values.ts';
import { parseYaml } from '../yaml-read.ts';

function extreme(name: string, sign: '>' | '<'): FunctionDefinition {
  return {
    params: null,
    call: (args) => {
      let best: Value = null;
      for (const value of args) {
        if (!isNumber(value)) return fail(`\`${name}\` needs numbers, not ${typeName(value ?? null)}`);
        if (best === null || ordered(sign, value, best)) best = value;
      }
      return best;
    },
  };
}

function fromJson(args: ArgValues, context: Context): Value {
  const text = required(args, 0, 'The argument `json`');
  if (text === null) return null;
  if (typeof text !== 'string') return fail(`The argument \`json\` must be a text, not ${typeName(text)}`);
  return parseJson(text, context.work);
}

function randomByte(context: Context): number {
  return Math.floor(context.env.random() * 256) & 0xff;
}

/** 16 random bytes with the marks of a random UUID. */
function uuidBytes(context: Context): number[] {
  const bytes = Array.from({ length: 16 }, () => randomByte(context));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes;
}

function uuid(context: Context): string {
  const hex = uuidBytes(context).map((byte) => byte.toString(16).padStart(2, '0'));
  return [hex.slice(0, 4), hex.slice(4, 6), hex.slice(6, 8), hex.slice(8, 10), hex.slice(10)]
    .map((group) => group.join(''))
    .join('-');
}

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function id(context: Context): string {
  let rest = uuidBytes(context).reduce((all, byte) => (all << 8n) | BigInt(byte), 0n);
  let out = '';
  while (rest > 0n) {
    out = (BASE62[Number(rest % 62n)] ?? '') + out;
    rest /= 62n;
  }
  return out === '' ? '0' : out;
}

function randomInt(args: ArgValues, context: Context): Value {
  const lower = wholeArg(args, 0, 'The argument `lower` of `randomInt`');
  const upper = wholeArg(args, 1, 'The argument `upper` of `randomInt`');
  if (upper < lower) return fail('The argument `upper` of `randomInt` must not be less than `lower`');
  if (upper === lower) return lower;
  return lower + Math.min(Math.floor(context.env.random() * (upper - lower)), upper - lower - 1);
}

const NANO_ALPHABET = '_-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

function nanoId(args: ArgValues, context: Context): Value {
  const length =
    args[0] === undefined || args[0] === null ? 21 : wholeArg(args, 0, 'The argument `length` of `nanoId`');
  const alphabet =
    args[1] === undefined || args[1] === null ? NANO_ALPHABET : textArg(args, 1, 'The argument `alphabet` of `nanoId`');
  if (length < 1 || length > 10_000) return fail('The argument `length` of `nanoId` must be between 1 and 10000');
  if (alphabet === '') return fail('The argument `alphabet` of `nanoId` is empty');
  const letters = [...alphabet];
  let out = '';
  for (let count = 0; count < length; count += 1)
    out += letters[Math.floor(context.env.random() * letters.length)] ?? '';
  return out;
}

const fromJsonFunction: FunctionDefinition = { params: ['json'], call: fromJson };

/** Functions that make values (expressions.md §12.2). */
export const valueFunctions: Readonly<Record<string, FunctionDefinition>> = {
  max: extreme('max', '>'),
  min: extreme('min', '<'),
  range: {
    params: ['start', 'end', 'increment'],
    call: (args, context) =>
      range(
        required(args, 0, 'The argument `start` of `range`'),
        required(args, 1, 'The argument `end` of `range`'),
        args[2] === undefined || args[2] === null ? 1n : args[2],
        context.work,
      ),
  },
  uuid: { params: [], call: (_args, context) => uuid(context) },
  id: { params: [], call: (_args, context) => id(context) },
  randomInt: { params: ['lower', 'upper'], call: randomInt },
  nanoId: { params: ['length', 'alphabet'], call: nanoId },
  fromJson: fromJsonFunction,
  json: fromJsonFunction,
  yaml: {
    params: ['yaml'],
    call: (args, context) => parseYaml(textArg(args, 0, 'The argument `yaml`'), context.work),
  },
  fromIon: {
    params: ['ion'],
    call: (args, context) => {
      if (required(args, 0, 'The argument `ion`') === null) return null;
      return parseIon(textArg(args, 0, 'The argument `ion`'), context.work);
    },
  },
};
