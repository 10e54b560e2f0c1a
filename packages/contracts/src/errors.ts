/**
 * The catalogue of errors of the REST API (rest-api.md §2). `code` is stable and goes to logs and metrics; `prefix` begins the
 * message that clients see.
 */
export const ERRORS = {
  badRequest: { code: 'bad-request', status: 400, prefix: 'Bad Request' },
  unauthorized: { code: 'unauthorized', status: 401, prefix: 'Unauthorized' },
  notFound: { code: 'not-found', status: 404, prefix: 'Not Found' },
  methodNotAllowed: { code: 'method-not-allowed', status: 405, prefix: 'Method Not Allowed' },
  notAcceptable: { code: 'not-acceptable', status: 406, prefix: 'Not Acceptable' },
  illegalState: { code: 'illegal-state', status: 409, prefix: 'Illegal state' },
  gone: { code: 'gone', status: 410, prefix: 'Resource has expired' },
  tooLarge: { code: 'too-large', status: 413, prefix: 'Request Entity Too Large' },
  unsupportedMediaType: { code: 'unsupported-media-type', status: 415, prefix: 'Unsupported Media Type' },
  rangeNotSatisfiable: { code: 'range-not-satisfiable', status: 416, prefix: 'Requested Range Not Satisfiable' },
  illegalArgument: { code: 'illegal-argument', status: 422, prefix: 'Illegal argument' },
  invalidEntity: { code: 'invalid-entity', status: 422, prefix: 'Invalid entity' },
  unprocessable: { code: 'unprocessable', status: 422, prefix: 'Unprocessable Entity' },
  invalidArgument: { code: 'invalid-argument', status: 422, prefix: 'Failed to convert argument' },
  invalidJson: { code: 'invalid-json', status: 422, prefix: 'Invalid json' },
  invalidJsonMapping: { code: 'invalid-json-mapping', status: 422, prefix: 'Invalid json mapping' },
  invalidType: { code: 'invalid-type', status: 422, prefix: 'Invalid type' },
  missingBody: { code: 'missing-body', status: 422, prefix: 'Invalid route params' },
  locked: { code: 'locked', status: 423, prefix: 'Locked' },
  internal: { code: 'internal', status: 500, prefix: 'Internal server error' },
  unavailable: { code: 'unavailable', status: 503, prefix: 'Service Unavailable' },
  noSpace: { code: 'no-space', status: 507, prefix: 'Insufficient Storage' },
} as const satisfies Readonly<Record<string, { code: string; status: number; prefix: string }>>;

export type ErrorKind = keyof typeof ERRORS;

/** A single violation; `path` names the place (`flow.id`, `tasks[0].id`). */
export interface FieldError {
  readonly message: string;
  readonly path?: string;
}

/** An error that a client is to see. Anything else that is thrown becomes a 500 without its details. */
export class ApiError extends Error {
  readonly kind: ErrorKind;
  readonly errors: readonly FieldError[];
  /** Extra response headers (`Allow`, `Content-Range`, `Retry-After`). */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    kind: ErrorKind,
    detail?: string,
    options: { errors?: readonly FieldError[]; headers?: Readonly<Record<string, string>>; cause?: unknown } = {},
  ) {
    const { prefix } = ERRORS[kind];
    super(
      detail === undefined ? prefix : `${prefix}: ${detail}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = 'ApiError';
    this.kind = kind;
    this.errors = options.errors ?? [];
    this.headers = options.headers ?? {};
  }

  get status(): number {
    return ERRORS[this.kind].status;
  }

  get code(): string {
    return ERRORS[this.kind].code;
  }
}

/** Body of every error (rest-api.md §2). */
export interface ErrorBody {
  readonly message: string;
  readonly _links: { readonly self: { readonly href: string } };
  readonly _embedded?: { readonly errors: readonly FieldError[] };
}

/** Inputs that stand in the address, of webhooks: secret ones may be among them. */
const withoutInputs = (url: string): string => url.replace(/([?&]inputs=)[^&#]*/g, '$1******');

/** The address of a request for the server's own log: without the key of a webhook, and without inputs. */
export const loggedUrl = (url: string): string =>
  withoutInputs(url).replace(/(\/executions\/webhook\/[^/?]+\/[^/?]+\/)[^/?]+/, '$1******');

/** `href`: path and query of the request. */
export const errorBody = (error: ApiError, href: string): ErrorBody => ({
  message: error.message,
  _links: { self: { href: withoutInputs(href) } },
  ...(error.errors.length === 0 ? {} : { _embedded: { errors: error.errors } }),
});

/** Violations in one message and one by one: `Invalid entity: <path>: <reason>, …`. */
export const invalidEntity = (errors: readonly FieldError[]): ApiError =>
  new ApiError(
    'invalidEntity',
    errors.map((error) => (error.path === undefined ? error.message : `${error.path}: ${error.message}`)).join(', '),
    {
      errors: errors.map((error) => (error.path === undefined ? error : { message: error.message, path: error.path })),
    },
  );
