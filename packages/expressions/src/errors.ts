import { nearestNames } from '@tiercel/model';

/** What went wrong: in the text, in a name, in a value, or with the bounds on work. */
export type ExpressionErrorKind = 'syntax' | 'undefined' | 'evaluation' | 'limit';

export interface ExpressionErrorDetails {
  readonly kind: ExpressionErrorKind;
  readonly template: string;
  readonly line: number;
  readonly column: number;
  readonly excerpt: string;
  readonly suggestion?: string | undefined;
}

/**
 * The one error that rendering raises (expressions.md §1.1). `message` is the reference's message; place, source line
 * and nearest known name come as properties so that a screen can show them.
 */
export class ExpressionError extends Error {
  readonly kind: ExpressionErrorKind;
  readonly template: string;
  readonly line: number;
  readonly column: number;
  readonly excerpt: string;
  readonly suggestion?: string;

  constructor(message: string, details: ExpressionErrorDetails) {
    super(message);
    this.name = 'ExpressionError';
    this.kind = details.kind;
    this.template = details.template;
    this.line = details.line;
    this.column = details.column;
    this.excerpt = details.excerpt;
    if (details.suggestion !== undefined) this.suggestion = details.suggestion;
  }

  /** Message, place, source line with a caret, and the nearest known name: several lines for people. */
  describe(): string {
    return `${this.message}\nline ${this.line}, column ${this.column}:\n${this.pointer()}`;
  }

  /** The source line with a caret, and the nearest known name: for those who name the place in their own way. */
  pointer(): string {
    return this.suggestion === undefined ? this.excerpt : `${this.excerpt}\nDid you mean \`${this.suggestion}\`?`;
  }
}

/** What people read of any error: all that an ExpressionError says of its place, else the message. */
export function errorText(error: unknown): string {
  if (error instanceof ExpressionError) return error.describe();
  return error instanceof Error ? error.message : String(error);
}

/** One call that needs input or output and that the host must perform; `key` identifies it. */
export interface IoCall {
  readonly key: string;
  readonly fn: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** Results of I/O calls are missing from the memo. The host performs `calls` and renders again. */
export class NeedsIo extends Error {
  readonly calls: readonly IoCall[];

  constructor(calls: readonly IoCall[]) {
    super(`The expression needs ${calls.map((call) => call.fn).join(', ')}`);
    this.name = 'NeedsIo';
    this.calls = calls;
  }
}

/** A failure inside evaluation. It becomes an ExpressionError, with a place, where the template is known. */
export class Failure extends Error {
  readonly kind: ExpressionErrorKind;
  /** Offset in the template, when the thrower knows it better than the evaluator. */
  readonly position: number | undefined;
  /** The name that nobody knows, where that is the reason. */
  readonly unknown: UnknownName | undefined;

  constructor(message: string, kind: ExpressionErrorKind = 'evaluation', position?: number, unknown?: UnknownName) {
    super(message);
    this.kind = kind;
    this.position = position;
    this.unknown = unknown;
  }
}

/** A name that does not exist among those that do: what the hint in an error is made of. */
export interface UnknownName {
  readonly name: string;
  readonly known: () => Iterable<string>;
}

/** A name that does not exist. `??`, `???`, `is defined` and `default` catch this one and no other (expressions.md §5). */
export class UndefinedName extends Failure {
  readonly missing: string;

  constructor(missing: string, position: number, known: () => Iterable<string>) {
    super(`Unable to find \`${missing}\``, 'undefined', position, { name: missing, known });
    this.missing = missing;
  }
}

/** An undefined name inside arithmetic or a comparison: reported like one, but no longer caught (expressions.md §16, E7). */
export class WrappedUndefined extends Failure {
  readonly inner: UndefinedName;

  constructor(inner: UndefinedName) {
    super(inner.message, 'undefined', inner.position, inner.unknown);
    this.inner = inner;
  }
}

/** Raises an evaluation failure. */
export function fail(message: string): never {
  throw new Failure(message);
}

/** Raises a failure of the bounds on work. */
export function failLimit(message: string): never {
  throw new Failure(message, 'limit');
}

/** The error for people, made from a failure and the template in which it happened. */
export function toExpressionError(failure: Failure, template: string, position: number): ExpressionError {
  const offset = Math.max(0, Math.min(failure.position ?? position, template.length));
  const { line, column, excerpt } = locate(template, offset);
  const undefinedName =
    failure instanceof UndefinedName ? failure : failure instanceof WrappedUndefined ? failure.inner : undefined;
  const message =
    undefinedName === undefined
      ? `${failure.message} (${clipped(template)}:${line})`
      : `Unable to find \`${clipped(undefinedName.missing)}\` used in the expression \`${clipped(template)}\` at line ${line}`;
  const { kind, unknown } = failure;
  const suggestion = unknown === undefined ? undefined : nearestNames(unknown.name, unknown.known())[0];
  return new ExpressionError(message, { kind, template, line, column, excerpt, suggestion });
}

const MAX_SHOWN_TEMPLATE = 2000;

/** The reference shows the whole template; one of megabytes would only hide the reason. */
function clipped(template: string): string {
  return template.length > MAX_SHOWN_TEMPLATE ? `${template.slice(0, MAX_SHOWN_TEMPLATE)}…` : template;
}

const EXCERPT_WIDTH = 120;

function locate(template: string, offset: number): { line: number; column: number; excerpt: string } {
  let line = 1;
  let lineStart = 0;
  for (let at = template.indexOf('\n'); at !== -1 && at < offset; at = template.indexOf('\n', at + 1)) {
    line += 1;
    lineStart = at + 1;
  }
  const newline = template.indexOf('\n', lineStart);
  const lineEnd = newline === -1 ? template.length : newline;
  const from = Math.max(lineStart, offset - EXCERPT_WIDTH / 2);
  const to = Math.min(lineEnd, from + EXCERPT_WIDTH);
  // Ellipses say where it was cut: by them the masking of secrets knows what is left of one.
  const before = from > lineStart ? '…' : '';
  const source = `${before}${template.slice(from, to)}${to < lineEnd ? '…' : ''}`.replace(/[\r\t]/g, ' ');
  return { line, column: offset - lineStart + 1, excerpt: `${source}\n${' '.repeat(offset - from + before.length)}^` };
}
