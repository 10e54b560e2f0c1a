/** Nesting beyond this is refused: the value goes through recursive code later on. */
export const MAX_JSON_DEPTH = 200;

/** Parses JSON of a sender. Throws an Error with a readable message for bad text and for deep nesting. */
export function parseJson(text: string): unknown {
  if (jsonDepth(text) > MAX_JSON_DEPTH) throw new Error(`nested deeper than ${MAX_JSON_DEPTH} levels`);
  return JSON.parse(text);
}

/** The deepest nesting of brackets outside of texts. */
function jsonDepth(text: string): number {
  // The shortest text that could be too deep.
  if (text.length <= MAX_JSON_DEPTH) return 0;
  let depth = 0;
  let deepest = 0;
  let inText = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inText) {
      if (code === 92) i += 1;
      else if (code === 34) inText = false;
    } else if (code === 34) inText = true;
    else if (code === 123 || code === 91) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (code === 125 || code === 93) depth -= 1;
  }
  return deepest;
}
