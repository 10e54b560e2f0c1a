import { gcm } from '@noble/ciphers/aes.js';
import { fromBase64, fromUtf8Strict, toBase64, utf8 } from '../bytes.ts';
import { type ArgValues, type FunctionDefinition, required, textArg } from '../definitions.ts';
import { fail } from '../errors.ts';
import { isNumber, typeName, type Value } from '../values.ts';
import { plainText } from '../print.ts';
import type { Context } from '../context.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

function keyBytes(args: ArgValues): Uint8Array {
  const key = fromBase64(textArg(args, 0, 'The argument `key`').replace(/[\r\n]/g, ''));
  if (key.length !== 16 && key.length !== 24 && key.length !== 32) {
    return fail(`The key must have 16, 24 or 32 bytes, not ${key.length}`);
  }
  return key;
}

function content(value: Value, what: string, context: Context): string {
  if (typeof value === 'string') return value;
  return isNumber(value) || typeof value === 'boolean'
    ? plainText(value, context.work)
    : fail(`${what} must be a text, not ${typeName(value)}`);
}

function encrypt(args: ArgValues, context: Context): Value {
  const given = required(args, 1, 'The argument `plaintext`');
  const key = keyBytes(args);
  if (given === null) return null;
  const text = content(given, 'The argument `plaintext`', context);
  if (text === '') return '';
  context.work.step(text.length >> 4);
  const { randomBytes } = context.env;
  if (randomBytes === undefined) return fail('`encrypt` can not be used here: no secure random numbers');
  const nonce = randomBytes(NONCE_BYTES);
  const sealed = gcm(key, nonce).encrypt(utf8(text));
  const joined = new Uint8Array(nonce.length + sealed.length);
  joined.set(nonce);
  joined.set(sealed, nonce.length);
  return toBase64(joined);
}

function decrypt(args: ArgValues, context: Context): Value {
  const given = required(args, 1, 'The argument `encrypted`');
  const key = keyBytes(args);
  if (given === null) return null;
  const text = content(given, 'The argument `encrypted`', context);
  if (text === '') return '';
  context.work.step(text.length >> 4);
  const bytes = fromBase64(text);
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return fail('The encrypted text is too short');
  let plain: Uint8Array;
  try {
    plain = gcm(key, bytes.subarray(0, NONCE_BYTES)).decrypt(bytes.subarray(NONCE_BYTES));
  } catch {
    // Which of the two it is can not be told, and must not be.
    return fail('The text can not be decrypted: wrong key or changed data');
  }
  return fromUtf8Strict(plain);
}

/** AES-GCM with the nonce in front (expressions.md §15). */
export const cryptoFunctions: Readonly<Record<string, FunctionDefinition>> = {
  encrypt: { params: ['key', 'plaintext'], call: encrypt },
  decrypt: { params: ['key', 'encrypted'], call: decrypt },
};
