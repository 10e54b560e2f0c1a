import { fromUtf8, utf8 } from './bytes.ts';
import { fail } from './errors.ts';

const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;
const MORE_ESCAPES: Readonly<Record<string, string>> = {
  '%20': '+',
  '!': '%21',
  '~': '%7E',
  "'": '%27',
  '(': '%28',
  ')': '%29',
};

/** Form encoding: blanks become `+`, `A-Za-z0-9.-*_` stay (expressions.md §9.1). */
export function formEncode(text: string): string {
  const wellFormed = text.replace(LONE_SURROGATE, '?');
  return encodeURIComponent(wellFormed).replace(/%20|[!~'()]/g, (found) => MORE_ESCAPES[found] ?? found);
}

const PLUS = 0x2b;
const BLANK = 0x20;
const PERCENT = 0x25;

/** The value of a hexadecimal digit; NaN for everything else. */
function digit(code = 0): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : Number.NaN;
}

/** The reverse of form encoding; a percent sign without two digits fails. */
export function formDecode(text: string): string {
  const written = utf8(text);
  const bytes = new Uint8Array(written.length);
  let length = 0;
  for (let at = 0; at < written.length; at += 1) {
    let byte = written[at] ?? 0;
    if (byte === PLUS) byte = BLANK;
    if (byte === PERCENT) {
      byte = digit(written[at + 1]) * 16 + digit(written[at + 2]);
      if (Number.isNaN(byte)) return fail(`\`${fromUtf8(written.subarray(at, at + 3))}\` is no percent encoding`);
      at += 2;
    }
    bytes[length] = byte;
    length += 1;
  }
  return fromUtf8(bytes.subarray(0, length));
}
