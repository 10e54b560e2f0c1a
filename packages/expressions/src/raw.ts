/** The raw blocks of a text: `{% raw %}…{% endraw %}` on one line (expressions.md §1.1, §16 E1). */

const RAW_OPEN = /\{%-*\s*raw\s*-*%\}/g;
const RAW_CLOSE = /\{%-*\s*endraw\s*-*%\}/g;
const LINE_BREAK = /[\n\r\u0085\u2028\u2029]/g;

/**
 * Replaces every raw block. Written as a scan and not as one lazy pattern, so that many openings without an end
 * stay linear.
 */
export function replaceRawBlocks(text: string, replace: (block: string, content: string) => string): string {
  if (!text.includes('endraw')) return text;
  let out = '';
  let last = 0;
  let lineEnd = -1;
  RAW_OPEN.lastIndex = 0;
  for (let open = RAW_OPEN.exec(text); open !== null; open = RAW_OPEN.exec(text)) {
    const contentStart = open.index + open[0].length;
    if (contentStart > lineEnd) lineEnd = endOfLine(text, contentStart);
    RAW_CLOSE.lastIndex = contentStart;
    const close = RAW_CLOSE.exec(text);
    if (close === null) break;
    if (close.index > lineEnd) {
      // No end on this line: every opening before the end of the line is text.
      RAW_OPEN.lastIndex = lineEnd;
      continue;
    }
    const end = close.index + close[0].length;
    out += text.slice(last, open.index) + replace(text.slice(open.index, end), text.slice(contentStart, close.index));
    last = end;
    RAW_OPEN.lastIndex = end;
  }
  return out + text.slice(last);
}

function endOfLine(text: string, from: number): number {
  LINE_BREAK.lastIndex = from;
  return LINE_BREAK.exec(text)?.index ?? text.length;
}

/** Marks a raw block during evaluation; private-use characters keep it apart from what people write. */
const MARKER = /\uE0F1(\d{1,6})\uE0F2/g;

export function rawMarker(index: number): string {
  return `\uE0F1${index}\uE0F2`;
}

/** Puts the raw blocks back, tags included. */
export function restoreRawBlocks(text: string, raws: readonly string[]): string {
  if (raws.length === 0) return text;
  return text.replace(MARKER, (marker, index: string) => raws[Number(index)] ?? marker);
}
