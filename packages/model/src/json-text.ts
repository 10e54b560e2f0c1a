/** Nesting beyond this is refused: the value goes through recursive code later on. */
export const MAX_JSON_DEPTH = 200;

/** JSON that may be well-formed, but is nested too deeply to be handled. */
export class JsonDepthError extends Error {
  constructor() {
    super(`nested deeper than ${MAX_JSON_DEPTH} levels`);
    this.name = 'JsonDepthError';
  }
}

/** Where the engine of the language quotes the text: a part of it, in which nobody could recognise a part of a secret. */
const QUOTED = /, (?:\.\.\.)?"[^]*"(?:\.\.\.)? is not valid JSON$/;

/** JSON that is well-formed, with a number that a double cannot hold. */
export class JsonNumberError extends SyntaxError {
  constructor() {
    super('a number is too large');
    this.name = 'JsonNumberError';
  }
}

/** Parses JSON that comes from outside. Throws JsonDepthError for deep nesting, and an Error with a readable message for bad text. */
export function parseJson(text: string): unknown {
  if (isTooDeep(text)) throw new JsonDepthError();
  try {
    return MAY_BE_TOO_LARGE.test(text) ? JSON.parse(text, refuseInfinite) : JSON.parse(text);
  } catch (error) {
    if (error instanceof JsonNumberError) throw error;
    throw new SyntaxError((error as Error).message.replace(QUOTED, ' is not valid JSON'));
  }
}

/** Long enough to be a number that a double cannot hold: it would become Infinity, which JSON writes as null. */
const MAY_BE_TOO_LARGE = /[eE]\+?\d{3}|\d{300}/;

function refuseInfinite(_: string, value: unknown): unknown {
  if (value === Infinity || value === -Infinity) throw new JsonNumberError();
  return value;
}

/** Counts the brackets outside of texts. */
function isTooDeep(text: string): boolean {
  // The shortest text that could be too deep.
  if (text.length <= MAX_JSON_DEPTH) return false;
  let depth = 0;
  let inText = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inText) {
      if (code === 92) i += 1;
      else if (code === 34) inText = false;
    } else if (code === 34) inText = true;
    else if (code === 123 || code === 91) {
      depth += 1;
      if (depth > MAX_JSON_DEPTH) return true;
    } else if (code === 125 || code === 93) depth -= 1;
  }
  return false;
}
