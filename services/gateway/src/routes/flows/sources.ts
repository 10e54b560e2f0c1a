import type { Request } from 'express';
import { ApiError } from '@tiercel/contracts';
import { DEFAULT_SOURCE_LIMITS, sourceOfJson, splitDocuments } from '@tiercel/flow-source';
import { parseJson } from '@tiercel/model';
import { parse as parseLossless } from 'lossless-json';
import { mediaType, readText, requireType } from '../../http/body.ts';
import { MAX_FLOWS, MAX_SOURCE, MAX_SOURCES } from './shared.ts';

const YAML_TYPES = ['application/x-yaml', 'application/yaml', 'text/yaml', 'text/x-yaml', 'text/plain'];

/** Levels of a list of flows. */
const MAX_DEPTH = DEFAULT_SOURCE_LIMITS.maxDepth + 1;

const isJson = (req: Request): boolean => mediaType(req) === 'application/json';

/** A body that is YAML or JSON; 415 for another type, 422 for nothing. */
async function readBoth(req: Request, limit: number): Promise<string> {
  requireType(req, [...YAML_TYPES, 'application/json']);
  const text = await readText(req, limit);
  if (text.trim() === '') throw new ApiError('missingBody', 'Required Body [flow] not specified');
  return text;
}

/** JSON with its numbers as they are written; 422 for none, and for a map that says two things of one key. */
function jsonOf(text: string): unknown {
  try {
    // First with the messages that people know, and bounded in depth, which the other parser is not.
    refuseDeep(parseJson(text));
    return parseLossless(text, undefined, { parseNumber: exactNumber });
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw new ApiError('invalidJson', (error as Error).message, { cause: error });
  }
}

/** Digits beyond 53 bits are not rounded; a number beyond all bounds stays a text, as in YAML. */
function exactNumber(text: string): number | bigint | string {
  const value = Number(text);
  if (!Number.isFinite(value)) return text;
  return /^-?\d+$/.test(text) && !Number.isSafeInteger(value) ? BigInt(text) : value;
}

/** 422 for JSON that no flow can be, before anything goes down into it. */
export function refuseDeep(json: unknown): void {
  let level: readonly unknown[] = [json];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) throw new ApiError('invalidJson', `it is nested deeper than ${MAX_DEPTH} levels`);
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []));
  }
}

/** The source of a request: YAML as it is, JSON (the older form) as generated YAML. */
export async function readSource(req: Request): Promise<{ readonly source: string; readonly isJson: boolean }> {
  const text = await readBoth(req, MAX_SOURCE);
  return isJson(req) ? { source: sourceOfJson(jsonOf(text)), isJson: true } : { source: text, isJson: false };
}

const SEPARATOR = /^---[ \t]*\r?$/gm;

/** The documents of a text; 422 for too many, before they are parted. */
export function boundedDocuments(source: string): readonly string[] {
  let separators = 0;
  for (const _ of source.matchAll(SEPARATOR)) {
    separators += 1;
    if (separators > MAX_FLOWS) throw tooMany();
  }
  const documents = splitDocuments(source);
  if (documents.length > MAX_FLOWS) throw tooMany();
  return documents;
}

const tooMany = (): ApiError => new ApiError('illegalArgument', `at most ${MAX_FLOWS} flows can be written at once`);

/** The sources of a request for several flows: YAML documents between lines of `---`, or a JSON list (the older form). */
export async function readSources(
  req: Request,
): Promise<{ readonly sources: readonly string[]; readonly isJson: boolean }> {
  const text = await readBoth(req, MAX_SOURCES);
  if (!isJson(req)) {
    const sources = boundedDocuments(text);
    if (sources.length === 0) throw new ApiError('missingBody', 'Required Body [flows] not specified');
    return { sources, isJson: false };
  }
  const list = jsonOf(text);
  if (!Array.isArray(list)) {
    throw new ApiError('invalidJsonMapping', undefined, {
      errors: [{ message: 'expected a list of flows', path: '' }],
    });
  }
  if (list.length > MAX_FLOWS) throw tooMany();
  return { sources: list.map(sourceOfJson), isJson: true };
}
