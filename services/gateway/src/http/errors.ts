import type { ErrorRequestHandler, Request, Response } from 'express';
import { ApiError, errorBody, loggedUrl } from '@tiercel/contracts';
import type { Logger, MetricsRegistry } from '@tiercel/runtime';
import { StorageError } from '@tiercel/storage';
import { StoreError } from '@tiercel/store';

const storeError = (error: StoreError): ApiError => {
  switch (error.code) {
    case 'unavailable':
      return new ApiError('unavailable', 'the store cannot be reached, try again', {
        cause: error,
        headers: { 'Retry-After': '1' },
      });
    case 'bad-data':
      // Its message is the database's own and for the log.
      return new ApiError('illegalArgument', 'the request holds a value that cannot be stored or compared', {
        cause: error,
      });
    case 'too-slow':
      return new ApiError('unprocessable', error.message, { cause: error });
    case 'exists':
      return new ApiError('illegalState', error.message, { cause: error });
    case 'not-found':
      return new ApiError('notFound', error.message, { cause: error });
  }
};

const storageError = (error: StorageError): ApiError => {
  switch (error.code) {
    case 'bad-path':
      return new ApiError('illegalArgument', error.message, { cause: error });
    case 'not-found':
      return new ApiError('notFound', error.message, { cause: error });
    case 'exists':
      return new ApiError('illegalState', error.message, { cause: error });
    case 'no-space':
      return new ApiError('noSpace', 'the storage is full', { cause: error });
    case 'unavailable':
      return new ApiError('unavailable', 'the storage cannot be reached or is too busy, try again', {
        cause: error,
        headers: { 'Retry-After': '1' },
      });
    case 'io':
      // It will not mend itself, and its message names files and keys.
      return new ApiError('internal', 'the storage could not read or write, see the log of the server', {
        cause: error,
      });
  }
};

/** Any thrown value as the error that the client sees. What nobody foresaw becomes a 500 without its details. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof StoreError) return storeError(error);
  if (error instanceof StorageError) return storageError(error);
  // Express refuses malformed percent-encoding of a path with status 400.
  if (error instanceof URIError || (error as { status?: unknown } | undefined)?.status === 400) {
    return new ApiError('badRequest', (error as Error).message, { cause: error });
  }
  return new ApiError('internal', 'an unexpected error, see the log of the server', { cause: error });
}

/** Answers an error as JSON; a refusal of sign-in has no body (rest-api.md §2). */
function answer(req: Request, res: Response, error: ApiError): void {
  for (const [name, value] of Object.entries(error.headers)) res.setHeader(name, value);
  const text = JSON.stringify(errorBody(error, req.originalUrl));
  // What is left of the body is not read: the connection ends with the answer, unless the body was read whole.
  if (!req.complete) res.setHeader('Connection', 'close');
  res.statusCode = error.status;
  res.setHeader('Content-Type', 'application/json');
  res.setHeader('Content-Length', Buffer.byteLength(text));
  res.end(text);
}

/** The one place where errors become answers. */
export function errorMiddleware(logger: Logger, metrics?: MetricsRegistry): ErrorRequestHandler {
  const counter = metrics?.counter('gateway_errors_total', 'Answers with an error, by its code', ['code']);
  // Four parameters: that is how Express tells an error handler.
  return (thrown: unknown, req, res, _next) => {
    const error = toApiError(thrown);
    counter?.inc({ code: error.code });
    if (error.status >= 500) {
      logger.error(
        { error: thrown, code: error.code, method: req.method, url: loggedUrl(req.originalUrl) },
        'a request failed',
      );
    } else if (thrown instanceof StoreError && (thrown.code === 'bad-data' || thrown.code === 'too-slow')) {
      logger.warn(
        { error: thrown, method: req.method, url: loggedUrl(req.originalUrl) },
        'a request was refused by the store',
      );
    }
    // The answer is under way: the client can only learn of it by the connection.
    if (res.headersSent) res.destroy();
    else answer(req, res, error);
  };
}
