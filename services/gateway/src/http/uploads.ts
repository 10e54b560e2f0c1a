import { pipeline, Transform, type Readable } from 'node:stream';
import type { Request, Response } from 'express';
import multer, { type StorageEngine } from 'multer';
import { ApiError } from '@tiercel/contracts';
import { mediaType } from './body.ts';

/** A file part while it streams in. */
export interface FilePart {
  /** Name of the form field. */
  readonly field: string;
  readonly fileName: string;
  readonly content: Readable;
}

/** Where files of a form go: streamed, never held in memory. */
export interface FormSink<T> {
  /** Consumes the part whole; what it throws refuses the request. */
  store(part: FilePart): Promise<T>;
  /** Takes back what was stored, when the request fails afterwards. */
  discard(stored: T): Promise<unknown>;
}

export interface Form<T> {
  /** Text parts in their order; names may repeat. */
  readonly fields: readonly (readonly [string, string])[];
  readonly files: readonly T[];
}

export interface FormLimits {
  /** Largest file in bytes. */
  readonly fileSize: number;
  /** Largest text part in bytes. */
  readonly fieldSize: number;
}

const PARTS = 1000;

/** What multer keeps of a stored file; `path` makes it take back files that were still pending, too. */
interface Kept<T> {
  readonly path: string;
  readonly stored: T;
}

/**
 * The content of a part, failing at its end when it was cut off at the limit: a storage that only saw the end of the stream would keep
 * the first half as if it were the file.
 */
function whole(content: Readable & { readonly truncated?: boolean }): Readable {
  const guard = new Transform({
    transform: (chunk, _encoding, done) => done(null, chunk),
    flush: (done) =>
      done(content.truncated === true ? new ApiError('tooLarge', 'a file of the form exceeds the limit') : null),
  });
  pipeline(content, guard, (error) => {
    if (error) guard.destroy(error);
  });
  return guard;
}

const engineOf = <T>(sink: FormSink<T>, files: T[]): StorageEngine => ({
  _handleFile(_req, file, callback) {
    sink.store({ field: file.fieldname, fileName: file.originalname, content: whole(file.stream) }).then(
      (stored) => {
        files.push(stored);
        callback(null, { path: 'stored', stored } as Kept<T>);
      },
      (error: unknown) => {
        // What is left of the part must flow, or the rest of the form never comes.
        file.stream.resume();
        callback(error);
      },
    );
  },
  _removeFile(_req, file, callback) {
    const { stored } = file as unknown as Partial<Kept<T>>;
    if (stored === undefined) return callback(null);
    sink.discard(stored).then(
      () => callback(null),
      (error: Error) => callback(error),
    );
  },
});

/** Text parts keep dotted names as they are; multer nests only bracketed ones, which then count as one text. */
const fieldsOf = (body: Readonly<Record<string, unknown>>): (readonly [string, string])[] =>
  Object.entries(body).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((item): readonly [string, string] => [
      name,
      typeof item === 'string' ? item : JSON.stringify(item),
    ]),
  );

const LIMITS: Readonly<Record<string, string>> = {
  LIMIT_FILE_SIZE: 'a file',
  LIMIT_FIELD_VALUE: 'a field',
  LIMIT_PART_COUNT: 'the number of parts',
  LIMIT_FIELD_COUNT: 'the number of fields',
};

/** Errors of the form itself; what the sink threw stays as it is. */
const formError = (error: unknown): unknown => {
  if (error instanceof multer.MulterError) {
    const what = LIMITS[error.code];
    if (what !== undefined) return new ApiError('tooLarge', `${what} of the form exceeds the limit`, { cause: error });
    return new ApiError('badRequest', error.message, { cause: error });
  }
  // Busboy reports a form that is cut off or malformed with plain errors.
  if (
    error instanceof Error &&
    /^(Multipart|Malformed|Unexpected end|Request (closed|aborted|error))/.test(error.message)
  ) {
    return new ApiError('badRequest', error.message, { cause: error });
  }
  return error;
};

/**
 * Reads a multipart form, files streaming into the sink. No body at all is an empty form; another type is refused with 415.
 * When anything fails, what was stored is taken back.
 */
export async function readForm<T>(
  req: Request,
  res: Response,
  sink: FormSink<T>,
  limits: FormLimits,
): Promise<Form<T>> {
  const type = mediaType(req);
  const empty =
    req.headers['content-length'] === '0' ||
    (req.headers['content-length'] === undefined && req.headers['transfer-encoding'] === undefined);
  if (empty) return { fields: [], files: [] };
  if (type !== 'multipart/form-data') {
    throw new ApiError(
      'unsupportedMediaType',
      `Content Type [${type ?? ''}] not allowed. Allowed types: [multipart/form-data]`,
    );
  }
  const files: T[] = [];
  const middleware = multer({
    storage: engineOf(sink, files),
    limits: { fileSize: limits.fileSize, fieldSize: limits.fieldSize, parts: PARTS },
    defParamCharset: 'utf8',
    preservePath: true,
  }).any();
  await new Promise<void>((resolve, reject) => {
    middleware(req, res, (error: unknown) =>
      error === undefined || error === null ? resolve() : reject(formError(error)),
    );
  });
  return { fields: fieldsOf((req.body ?? {}) as Record<string, unknown>), files };
}
