import type { Writable } from 'node:stream';
import type { Request, Response } from 'express';
import multer, { type StorageEngine } from 'multer';
import { ApiError } from '@tiercel/contracts';
import type { UploadSession } from '@tiercel/intake';
import { mediaType } from '../http/body.ts';
import { drainSome } from '../http/drain.ts';

export interface ExecutionFormLimits {
  /** Bytes of one file. */
  readonly fileSize: number;
  /** Bytes of one field. */
  readonly fieldSize: number;
}

const MAX_PARTS = 1000;
const MAX_NAME = 1000;

const FORM = 'multipart/form-data';

/**
 * Reads the parts of an execution's form into its session while they arrive: files stream, fields are counted by the session, nothing is
 * gathered here. No body is no parts, whatever its type says (rest-api.md §5). What goes wrong is thrown soon, not after the whole form.
 */
export async function readExecutionForm(
  req: Request,
  res: Response,
  session: UploadSession,
  limits: ExecutionFormLimits,
): Promise<void> {
  if (!hasBody(req)) return;
  const type = mediaType(req);
  if (type !== FORM) {
    throw new ApiError('unsupportedMediaType', `Content Type [${type ?? ''}] not allowed. Allowed types: [${FORM}]`);
  }
  await new Promise<void>((resolve, reject) => {
    const reading = { failed: false };
    const fail = (error: unknown, parser?: Writable): void => {
      if (reading.failed) return;
      reading.failed = true;
      if (parser !== undefined) stopParsing(req, parser);
      drainSome(req, () => reject(formError(error)));
    };
    const options: multer.Options & { streamHandler: (req: Request, parser: Writable) => void } = {
      storage: engineOf(session, fail),
      limits: { ...limits, parts: MAX_PARTS, fieldNameSize: MAX_NAME },
      defParamCharset: 'utf8',
      preservePath: true,
      streamHandler: (_req, parser) => {
        watchParts(session, parser, fail);
        req.pipe(parser);
      },
    };
    multer(options).any()(req, res, (error: unknown) => {
      if (error !== undefined && error !== null) fail(error);
      else if (!reading.failed) resolve();
    });
  });
}

const hasBody = ({ headers }: Request): boolean =>
  headers['transfer-encoding'] !== undefined ||
  (headers['content-length'] !== undefined && headers['content-length'] !== '0');

type Fail = (error: unknown, parser?: Writable) => void;

/** Files go to the session and from there to the storage; the session takes them back when the request fails. */
const engineOf = (session: UploadSession, fail: Fail): StorageEngine => ({
  _handleFile(_req, file, callback) {
    session.file(file.fieldname, file.originalname, file.stream).then(
      () => callback(null, {}),
      (error: unknown) => {
        // What is left of the part must flow, or the rest of the form never comes.
        file.stream.resume();
        fail(error);
        callback(error);
      },
    );
  },
  _removeFile: (_req, _file, callback) => callback(null),
});

/** Hands fields over as they come, and sees limits before multer does, which reads on to the end of the request. */
function watchParts(session: UploadSession, parser: Writable, fail: Fail): void {
  const tooLarge = (what: string): void =>
    fail(new ApiError('tooLarge', `${what} of the form exceeds the limit`), parser);
  // Multer would gather the fields in an object, and refuse names with brackets that do not fit together.
  parser.removeAllListeners('field');
  parser.on(
    'field',
    (
      name: string | undefined,
      text: string,
      info: { readonly nameTruncated?: boolean; readonly valueTruncated?: boolean },
    ) => {
      if (info.valueTruncated === true || info.nameTruncated === true) return tooLarge('a field');
      if (name === undefined) return;
      try {
        session.field(name, text);
      } catch (error) {
        fail(error, parser);
      }
    },
  );
  parser.on('partsLimit', () => tooLarge('the number of parts'));
}

/** No further part is looked at; a file that is under way ends with an error. */
function stopParsing(req: Request, parser: Writable): void {
  req.unpipe(parser);
  parser.destroy();
}

const LIMITS: Readonly<Record<string, string>> = {
  LIMIT_FILE_SIZE: 'a file',
  LIMIT_FIELD_VALUE: 'a field',
  LIMIT_FIELD_KEY: 'the name of a field',
  LIMIT_PART_COUNT: 'the number of parts',
};
/** How the form parser reports a form that is cut off or malformed. */
const BROKEN_FORM = /^(?:Multipart|Malformed|Unexpected end|Request (?:closed|aborted|error))/;

/** Errors of the form itself; what the session threw stays as it is. */
function formError(error: unknown): unknown {
  if (error instanceof multer.MulterError) {
    const what = LIMITS[error.code];
    return what === undefined
      ? new ApiError('badRequest', error.message, { cause: error })
      : new ApiError('tooLarge', `${what} of the form exceeds the limit`, { cause: error });
  }
  return error instanceof Error && BROKEN_FORM.test(error.message)
    ? new ApiError('badRequest', error.message, { cause: error })
    : error;
}
