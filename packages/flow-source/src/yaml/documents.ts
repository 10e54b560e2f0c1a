/** Nothing but blank lines, comments and directives (`%YAML 1.2`). */
const isHeader = (text: string): boolean => /^(?:[ \t]*(?:#.*)?\r?\n|%.*\r?\n)*[ \t]*(?:#.*)?$/.test(text);

/**
 * Parts a text at lines that are exactly `---` (with blanks after it), as the API takes several flows at once. What stands before the
 * first of them is a document only when it says something: comments there belong to the document that follows.
 */
export function splitDocuments(source: string): readonly string[] {
  const [first = '', ...others] = source.split(/^---[ \t]*\r?$/m);
  const documents = others.filter((document) => document.trim() !== '');
  if (first.trim() === '') return documents.map(withoutFirstBreak);
  const [second, ...rest] = documents;
  if (second === undefined || !isHeader(first)) return [first, ...documents].map(withoutFirstBreak);
  return [`${first}---${second}`, ...rest.map(withoutFirstBreak)];
}

const withoutFirstBreak = (document: string): string => document.replace(/^\r?\n/, '');
