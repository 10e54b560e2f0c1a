/** How much of a text programs leave as it is, besides ASCII letters and digits, when they write it into an address. */
const KEPT = {
  /** What a URL parser does to a path, a query, a fragment, and a name or password: it keeps `%` and what has a meaning of its own. */
  path: "%!$&'()*+,-./:;=@[]_~|\\?#",
  pathWithCaret: "%!$&'()*+,-./:;=@[]_~|\\?#^",
  query: '%!$&()*+,-./:;=@[]_~|\\?#^`{}',
  plainQuery: "%!$&'()*+,-./:;=@[]_~|\\?#^`{}",
  fragment: "%!$&'()*+,-./:;=@[]_~|\\?#^{}",
  userinfo: "%!$&'()*+,-._~",
  /** RFC 3986 to the letter, as most languages have it, with and without the slash. */
  strict: '-._~',
  strictPath: '-._~/',
} as const;
/** Forms as browsers and as other languages send them. */
const FORM_KEPT = ['*-._', '-._~', '-._'] as const;

/** A text without the line breaks at its end: files and `echo` put one there, and no one prints it. */
export function withoutFinalBreaks(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === '\n' || text[end - 1] === '\r')) end -= 1;
  return text.slice(0, end);
}

/** How a text is written by those who print it: as it is, in JSON, in an address, in a form. */
export function formsOf(text: string): ReadonlySet<string> {
  const json = JSON.stringify(text).slice(1, -1);
  const forms = new Set([text, json, asciiJson(json, false), asciiJson(json, true)]);
  // Most secrets look the same everywhere.
  if (/^[\w.-]*$/.test(text)) return forms;
  for (const form of addressForms(text)) forms.add(form).add(withLowerHex(form));
  return forms;
}

function* addressForms(text: string): Generator<string> {
  // Halves of a character, which a text may end or begin with where it was cut, have no form in an address.
  const whole = text.toWellFormed();
  yield encodeURI(whole);
  yield encodeURIComponent(whole);
  // URL parsers drop these wherever they stand.
  const parsed = whole.replace(/[\t\n\r]/g, '');
  for (const kept of Object.values(KEPT)) {
    yield percentEncoded(whole, kept);
    yield percentEncoded(parsed, kept);
  }
  for (const kept of FORM_KEPT) yield percentEncoded(whole, kept).replaceAll('%20', '+');
}

const percentEncoded = (text: string, kept: string): string =>
  text.replace(/[^A-Za-z0-9]/gu, (character) => {
    if (kept.includes(character)) return character;
    if (character > '\u007f') return encodeURIComponent(character);
    return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  });

const withLowerHex = (text: string): string => text.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase());

/** JSON whose writer keeps to ASCII. */
const asciiJson = (json: string, isUpper: boolean): string =>
  json.replace(/[\u007f-\uffff]/g, (unit) => {
    const hex = unit.charCodeAt(0).toString(16).padStart(4, '0');
    return `\\u${isUpper ? hex.toUpperCase() : hex}`;
  });
