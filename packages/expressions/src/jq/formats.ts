import { fromBase64, fromUtf8, toBase64, utf8 } from '../bytes.ts';
import { inBlocks } from '../blocks.ts';
import { Failure } from '../errors.ts';
import { jsonOf } from '../print.ts';
import { replaceLiteral } from '../search.ts';
import type { Value } from '../values.ts';
import type { Work } from '../work.ts';
import { jqFail, typeOf } from './values.ts';

/** `tostring`: texts stay, everything else becomes JSON. */
export function toText(value: Value, work: Work): string {
  return typeof value === 'string' ? value : jsonOf(value, work, true);
}

const HTML: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', "'": '&#39;', '"': '&quot;' };

/** A value written by a format: `@csv`, `@base64` and so on. */
export function formatText(name: string, value: Value, work: Work): string {
  switch (name) {
    case 'text':
      return toText(value, work);
    case 'json':
      return jsonOf(value, work, true);
    case 'html':
      return inBlocks(toText(value, work), work, (block) =>
        block.replace(/[<>&'"]/g, (character) => HTML[character] ?? character),
      );
    case 'uri':
      return inBlocks(toText(value, work), work, uri);
    case 'csv':
      return row(value, ',', (text) => `"${replaceLiteral(text, '"', '""', work)}"`, 'csv', work);
    case 'tsv':
      return row(value, '\t', (text) => inBlocks(text, work, tsvText), 'tsv', work);
    case 'sh':
      return Array.isArray(value)
        ? (value as Value[]).map((item) => shellWord(item, work)).join(' ')
        : shellWord(value, work);
    case 'base64':
      work.text(toText(value, work).length * 2);
      return toBase64(utf8(toText(value, work)));
    case 'base64d':
      work.text(toText(value, work).length);
      return fromUtf8(decoded(toText(value, work)));
    default:
      throw new Failure(`${name} is not a valid jq format`);
  }
}

function decoded(text: string): Uint8Array {
  try {
    return fromBase64(text);
  } catch (error) {
    if (error instanceof Failure) return jqFail(`${text} is not valid base64 data`);
    throw error;
  }
}

function uri(text: string): string {
  const wellFormed = text.replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, '\uFFFD');
  return encodeURIComponent(wellFormed).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function tsvText(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
}

function row(value: Value, separator: string, quote: (text: string) => string, format: string, work: Work): string {
  if (!Array.isArray(value)) return jqFail(`${typeOf(value)} cannot be ${format}-formatted, only an array can be`);
  return (value as Value[])
    .map((item) => {
      if (item === null) return '';
      if (typeof item === 'string') return quote(item);
      if (typeof item === 'boolean' || typeOf(item) === 'number') return jsonOf(item, work, true);
      return jqFail(`${typeOf(item)} is not valid in a ${format} row`);
    })
    .join(separator);
}

function shellWord(value: Value, work: Work): string {
  if (typeof value === 'string') return `'${replaceLiteral(value, "'", "'\\''", work)}'`;
  const type = typeOf(value);
  return type === 'array' || type === 'object'
    ? jqFail(`${type} can not be escaped for shell`)
    : jsonOf(value, work, true);
}
