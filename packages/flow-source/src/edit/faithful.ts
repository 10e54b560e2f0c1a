import { isDeepStrictEqual } from 'node:util';
import { parseDocument, type Document } from 'yaml';
import { readYaml, type YamlDocument } from '../yaml/read.ts';

/** The nodes of a source that `readYaml` accepts, with their places. */
export const nodesOf = (source: string): Document.Parsed =>
  parseDocument(source, { schema: 'failsafe', uniqueKeys: false, logLevel: 'silent' });

/** A source as values with their places; undefined when it is no YAML. */
export const documentOf = (source: string): YamlDocument | undefined => readYaml(source).document;

/** What a source says; undefined when it is no YAML. */
export const valueOf = (source: string): unknown => documentOf(source)?.value;

/**
 * The first of some texts that means exactly what is wanted. An edit of a text is a guess at its layout (anchors, merge keys, indentation,
 * ends of blocks), so each is read again before it is believed.
 */
export function firstFaithful(wanted: unknown, candidates: readonly (() => string | undefined)[]): string | undefined {
  for (const make of candidates) {
    const text = make();
    if (text !== undefined && isDeepStrictEqual(valueOf(text), wanted)) return text;
  }
  return undefined;
}

/** An edited text with the line ends of the source: all those of Windows, or as they are. */
export const withLineEndsOf = (source: string, edited: string): string =>
  source.includes('\r\n') && !/(?:^|[^\r])\n/.test(source) ? edited.replaceAll(/\r?\n/g, '\r\n') : edited;

/** A document as text; undefined when it cannot be written because an alias has lost its anchor. */
export function written(document: Document): string | undefined {
  try {
    return document.toString({ lineWidth: 0 });
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('Unresolved alias')) return undefined;
    throw error;
  }
}
