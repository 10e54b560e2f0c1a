/** Why a request does not become an execution. Who speaks HTTP chooses the status by the code. */
export type IntakeErrorCode =
  /** No such flow, or not this revision of it. */
  | 'flow-not-found'
  /** Its source does not parse any more. */
  | 'flow-invalid'
  | 'flow-disabled'
  /** No enabled webhook trigger has this key. */
  | 'webhook-not-found'
  /** Values that the flow's inputs do not allow; one violation each. */
  | 'invalid-inputs'
  /** Something else in the request that cannot be used. */
  | 'invalid-request'
  /** A label that belongs to the server. */
  | 'system-label'
  | 'duplicate-label'
  | 'too-large';

export interface Violation {
  /** Id of the input. */
  readonly path: string;
  readonly message: string;
}

/** A refusal with its reason for people. */
export class IntakeError extends Error {
  readonly code: IntakeErrorCode;
  readonly violations: readonly Violation[];

  constructor(
    code: IntakeErrorCode,
    message: string,
    options: { readonly violations?: readonly Violation[]; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'IntakeError';
    this.code = code;
    this.violations = options.violations ?? [];
  }
}
