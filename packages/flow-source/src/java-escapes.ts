/** Java's POSIX classes, which are of ASCII, as they stand inside of brackets. */
const POSIX: Readonly<Record<string, string>> = {
  Lower: 'a-z',
  Upper: 'A-Z',
  Alpha: 'a-zA-Z',
  Digit: '0-9',
  Alnum: 'a-zA-Z0-9',
  Punct: String.raw`!-\/:-@\[-\x60\{-~`,
  Graph: '!-~',
  Print: ' -~',
  Blank: String.raw` \t`,
  Space: String.raw` \t\n\x0B\f\r`,
  XDigit: '0-9a-fA-F',
  Cntrl: String.raw`\x00-\x1F\x7F`,
  ASCII: String.raw`\x00-\x7F`,
};

/** Ends of the text. */
const ANCHORS: Readonly<Record<string, string>> = {
  A: '(?<![^])',
  z: '(?![^])',
  Z: String.raw`(?=\n?(?![^]))`,
};

const SYNTAX = /[\^$\\.*+?()[\]{}|/]/;
const PUNCTUATION = /[!-/:-@[-`{-~]/;

export interface JavaScriptPattern {
  readonly pattern: string;
  /** `i`, `m` and `s`, as said at the beginning of the pattern: `(?i)`. */
  readonly flags: string;
}

/** Writes a pattern of Java's in JavaScript's form: flags at the beginning, quotes, POSIX classes, anchors, escapes that need none. */
export function forJavaScript(source: string, mode: 'u' | 'v'): JavaScriptPattern {
  const [beginning, flags = ''] = /^\(\?([imsu]+)\)/.exec(source) ?? [''];
  const rest = source
    .slice(beginning.length)
    .replaceAll(/\\Q([^]*?)(?:\\E|$)/g, (_, quoted: string) => quoted.replaceAll(/[!-/:-@[-`{-~]/g, String.raw`\$&`));
  let depth = 0;
  let pattern = '';
  for (let at = 0; at < rest.length; at++) {
    const character = rest[at]!;
    if (character !== '\\') {
      if (character === '[') depth += 1;
      else if (character === ']') depth = Math.max(0, depth - 1);
      pattern += character;
      continue;
    }
    const escape = /^\\(?:[pP]\{\w+\}|[^]?)/.exec(rest.slice(at))![0];
    pattern += escaped(escape, depth > 0 ? mode : undefined);
    at += escape.length - 1;
  }
  return { pattern, flags: flags.replaceAll('u', '') };
}

/** Escapes that a class may have: `v` mode knows more of them. */
const IN_CLASS = { u: /-/, v: /[-&!#%,:;<=>@`~]/ } as const;

/** `mode`: that of the class around it, if there is one. */
function escaped(escape: string, mode: 'u' | 'v' | undefined): string {
  const posix = POSIX[/^\\p\{(\w+)\}$/.exec(escape)?.[1] ?? ''];
  if (posix !== undefined) return mode !== undefined ? posix : `[${posix}]`;
  const character = escape[1] ?? '';
  if (mode === undefined && ANCHORS[character] !== undefined) return ANCHORS[character];
  if (!PUNCTUATION.test(character) || SYNTAX.test(character)) return escape;
  return mode !== undefined && IN_CLASS[mode].test(character) ? escape : character;
}
