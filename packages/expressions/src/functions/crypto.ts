import { keyOf, openText, sealText } from '../cipher.ts';
import { type ArgValues, type FunctionDefinition, required, textArg } from '../definitions.ts';
import { fail } from '../errors.ts';
import { isNumber, typeName, type Value } from '../values.ts';
import { plainText } from '../print.ts';
import type { Context } from '../context.ts';

const keyArg = (args: ArgValues): Uint8Array => keyOf(textArg(args, 0, 'The argument `key`'));

function content(value: Value, what: string, context: Context): string {
  if (typeof value === 'string') return value;
  return isNumber(value) || typeof value === 'boolean'
    ? plainText(value, context.work)
    : fail(`${what} must be a text, not ${typeName(value)}`);
}

function encrypt(args: ArgValues, context: Context): Value {
  const given = required(args, 1, 'The argument `plaintext`');
  const key = keyArg(args);
  if (given === null) return null;
  const text = content(given, 'The argument `plaintext`', context);
  if (text === '') return '';
  context.work.step(text.length >> 4);
  const { randomBytes } = context.env;
  if (randomBytes === undefined) return fail('`encrypt` can not be used here: no secure random numbers');
  return sealText(key, text, randomBytes);
}

function decrypt(args: ArgValues, context: Context): Value {
  const given = required(args, 1, 'The argument `encrypted`');
  const key = keyArg(args);
  if (given === null) return null;
  const text = content(given, 'The argument `encrypted`', context);
  if (text === '') return '';
  context.work.step(text.length >> 4);
  return openText(key, text);
}

/** AES-GCM with the nonce in front (expressions.md §15). */
export const cryptoFunctions: Readonly<Record<string, FunctionDefinition>> = {
  encrypt: { params: ['key', 'plaintext'], call: encrypt },
  decrypt: { params: ['key', 'encrypted'], call: decrypt },
};
