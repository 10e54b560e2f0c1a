/** Characters that mean something inside the classes of JavaScript's `v` mode, and nothing inside Java's. */
const TO_ESCAPE = new Set('(){}/|');
/** Two of a kind are reserved there. */
const DOUBLED = new Set('!#$%*+,.:;<=>?@`~^');

/**
 * Rewrites character classes that hold others (`[a-d[m-p]]`) or the common part of several (`[a-z&&[^bc]]`) from Java's form to that of
 * JavaScript's `v` mode, where each part of `&&` is a class of its own. Undefined when there are none, and other matchers can be used.
 */
export function nestedClasses(pattern: string): string | undefined {
  let result = '';
  let isNested = false;
  for (let at = 0; at < pattern.length;) {
    if (pattern[at] === '\\') {
      result += pattern.slice(at, at + 2);
      at += 2;
    } else if (pattern[at] === '[') {
      const found = readClass(pattern, at);
      result += found.text;
      isNested ||= found.isNested;
      at = found.end;
    } else result += pattern[at++]!;
  }
  return isNested ? result : undefined;
}

interface Found {
  readonly text: string;
  readonly end: number;
  readonly isNested: boolean;
}

/** Reads a class from its bracket. One that does not end is left as it is: it is no pattern, and its compiler says so. */
function readClass(pattern: string, start: number): Found {
  const isNegated = pattern[start + 1] === '^';
  const parts = [''];
  let isNested = false;
  let at = start + (isNegated ? 2 : 1);
  while (at < pattern.length && pattern[at] !== ']') {
    if (pattern[at] === '\\') {
      parts[parts.length - 1] += pattern.slice(at, at + 2);
      at += 2;
    } else if (pattern[at] === '[' && pattern[at + 1] !== ':') {
      const inner = readClass(pattern, at);
      parts[parts.length - 1] += inner.text;
      isNested = true;
      at = inner.end;
    } else if (pattern.startsWith('&&', at)) {
      parts.push('');
      isNested = true;
      at += 2;
    } else {
      const character = pattern[at++]!;
      const isLastDash = character === '-' && (pattern[at] === ']' || parts.at(-1) === '');
      const isDoubled = DOUBLED.has(character) && pattern[at] === character;
      parts[parts.length - 1] += TO_ESCAPE.has(character) || isLastDash || isDoubled ? `\\${character}` : character;
    }
  }
  const operands = parts.length === 1 ? parts[0]! : parts.map((part) => `[${part}]`).join('&&');
  return { text: `[${isNegated ? '^' : ''}${operands}${pattern[at] ?? ''}`, end: at + 1, isNested };
}
