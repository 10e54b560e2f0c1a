import { gcm } from '@noble/ciphers/aes.js';
import { fromBase64, fromUtf8Strict, toBase64, utf8 } from './bytes.ts';
import { fail } from './errors.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Secure random bytes; the platform's, since this package has none of its own. */
export type RandomBytes = (count: number) => Uint8Array;

/** Encrypts and decrypts texts with one key (expressions.md §15). Empty texts stay empty. */
export interface Cipher {
  readonly seal: (text: string) => string;
  /** Throws for another key and for changed data, without telling which. */
  readonly open: (text: string) => string;
}

/** The cipher of a key: Base64 of 16, 24 or 32 bytes, line breaks ignored. Throws for any other key. */
export function createCipher(key: string, randomBytes: RandomBytes): Cipher {
  const bytes = keyOf(key);
  return {
    seal: (text) => (text === '' ? '' : sealText(bytes, text, randomBytes)),
    open: (text) => (text === '' ? '' : openText(bytes, text)),
  };
}

/** The bytes of a key. Raises a Failure when it is none. */
export function keyOf(text: string): Uint8Array {
  const key = fromBase64(text.replace(/[\r\n]/g, ''));
  if (key.length !== 16 && key.length !== 24 && key.length !== 32) {
    return fail(`The key must have 16, 24 or 32 bytes, not ${key.length}`);
  }
  return key;
}

/** Base64 of nonce, ciphertext and tag, AES in GCM mode (execution-semantics.md §1.1). */
export function sealText(key: Uint8Array, text: string, randomBytes: RandomBytes): string {
  const nonce = randomBytes(NONCE_BYTES);
  const sealed = gcm(key, nonce).encrypt(utf8(text));
  const joined = new Uint8Array(nonce.length + sealed.length);
  joined.set(nonce);
  joined.set(sealed, nonce.length);
  return toBase64(joined);
}

/** The text that `sealText` was given. Raises a Failure. */
export function openText(key: Uint8Array, text: string): string {
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
