/** Names of files: what means something in an address, in XML, in a query or in percent-encoding. */
export const NAMES = [
  'a b',
  'é',
  '%20',
  '%',
  '%2Fx',
  'x#y?z',
  '日本',
  '🦅',
  'quote\'"',
  '.hidden',
  'a+b',
  'a + b',
  'a&b=c',
].concat(['<t>', "!*'()", '~', ';:@$,', '[x]', '{x}|^`', 'tab\there', 'new\nline', 'e\u0301', '...', ' ']);

/** Chunks of many sizes, together so many bytes; each byte tells its place. */
export const uneven = (size: number) =>
  function* (): Generator<Buffer> {
    const pattern = Buffer.from(Array.from({ length: 251 * 400 }, (_, i) => i % 251));
    for (let at = 0, step = 1; at < size; step = (step * 7 + 13) % 90_000) {
      const start = at % 251;
      const length = Math.min(step + 1, size - at, pattern.length - start);
      yield pattern.subarray(start, start + length);
      at += length;
    }
  };
