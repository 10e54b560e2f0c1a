import { fromUtf8 } from './bytes.ts';
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

/** The reverse of form encoding; a percent sign without two digits fails. */
export function formDecode(text: string): string {
  return text.replaceAll('+', ' ').replace(/(?:%[0-9a-fA-F]{2})+|%/g, (run, at: number, whole: string) => {
    if (run === '%') return fail(`\`${whole.slice(at, at + 3)}\` is no percent encoding`);
    const bytes = Uint8Array.from({ length: run.length / 3 }, (_, index) =>
      Number.parseInt(run.slice(index * 3 + 1, index * 3 + 3), 16),
    );
    return fromUtf8(bytes);
  });
}
