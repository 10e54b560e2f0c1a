import { fail } from './errors.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Bad sequences become replacement characters. */
export function fromUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Bad sequences fail. */
export function fromUtf8Strict(bytes: Uint8Array): string {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    // The decoder's own message names no reason that would help.
    return fail('The bytes are no UTF-8 text');
  }
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const BASE64_CODES = Uint8Array.from(BASE64, (letter) => letter.charCodeAt(0));
const PADDING = 0x3d;
/** Values of letters by code; 255 for everything that is none. */
const BASE64_VALUES = new Uint8Array(128).fill(255);
BASE64_CODES.forEach((code, value) => {
  BASE64_VALUES[code] = value;
});

/** Standard Base64 with padding. */
export function toBase64(bytes: Uint8Array): string {
  const out = new Uint8Array(Math.ceil(bytes.length / 3) * 4);
  const code = (value: number): number => BASE64_CODES[value] ?? PADDING;
  let written = 0;
  for (let at = 0; at < bytes.length; at += 3) {
    const a = bytes[at] ?? 0;
    const b = bytes[at + 1];
    const c = bytes[at + 2];
    out[written] = code(a >> 2);
    out[written + 1] = code(((a & 3) << 4) | ((b ?? 0) >> 4));
    out[written + 2] = b === undefined ? PADDING : code(((b & 15) << 2) | ((c ?? 0) >> 6));
    out[written + 3] = c === undefined ? PADDING : code(c & 63);
    written += 4;
  }
  return decoder.decode(out);
}

/** Reads standard Base64, padding optional; anything else fails. */
export function fromBase64(text: string): Uint8Array {
  const body = text.replace(/={1,2}$/, '');
  if (body.length % 4 === 1 || (body.length !== text.length && text.length % 4 !== 0)) fail('The text is no Base64');
  const bytes = new Uint8Array(Math.floor((body.length * 3) / 4));
  let buffer = 0;
  let bits = 0;
  let written = 0;
  for (let at = 0; at < body.length; at += 1) {
    const value = BASE64_VALUES[body.charCodeAt(at)] ?? 255;
    if (value === 255) return fail('The text is no Base64');
    buffer = ((buffer << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[written] = (buffer >> bits) & 0xff;
      written += 1;
    }
  }
  return bytes;
}

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  let out = '';
  for (const byte of bytes) out += byte.toString(16).padStart(2, '0');
  return out;
}
