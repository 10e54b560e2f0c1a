/** Parts a text at lines that are exactly `---` (with blanks after it), as the API takes several flows at once. */
export function splitDocuments(source: string): readonly string[] {
  const documents = source.split(/^---[ \t]*\r?$/m);
  return documents.filter((document) => document.trim() !== '').map((document) => document.replace(/^\r?\n/, ''));
}
