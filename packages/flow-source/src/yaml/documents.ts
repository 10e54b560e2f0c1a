/** Nothing but blank lines, comments and directives (`%YAML 1.2`). */
const isHeader = (text: string): boolean => /^(?:[ \t]*(?:#.*)?\r?\n|%.*\r?\n)*[ \t]*(?:#.*)?$/.test(text);

/**
 * Parts a text at lines that are exactly `---` (with blanks after it), as the API takes several flows at once. Comments and directives
 * alone are no document: they belong to the one that follows, also after others, so that files with such a beginning can be put together.
 */
export function splitDocuments(source: string): readonly string[] {
  // Every second part is a separator.
  const parts = source.split(/^(---[ \t]*\r?)$/m);
  const documents: string[] = [];
  let header: string | undefined;
  for (let at = 0; at < parts.length; at += 2) {
    const part = parts[at]!;
    if (part.trim() === '') continue;
    const text = header === undefined ? withoutFirstBreak(part) : `${header}${parts[at - 1]}${part}`;
    header = isHeader(part) ? text : undefined;
    if (header === undefined) documents.push(text);
  }
  return header === undefined ? documents : [...documents, header];
}

const withoutFirstBreak = (document: string): string => document.replace(/^\r?\n/, '');
