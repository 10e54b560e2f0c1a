import { ExpressionError } from '@tiercel/expressions';
import { shortened } from '@tiercel/model';
import { z } from 'zod';

/** Longest stack trace that is logged. */
const MAX_STACK = 32_000;
const MAX_CAUSES = 10;

/** The message of an error in one line, for a result. */
export function messageOf(error: unknown): string {
  if (error instanceof z.ZodError) return problemsOf(error);
  if (!(error instanceof Error)) return String(error);
  return error.message === '' ? error.name : error.message;
}

/** What people read in the log: the message, the excerpt of an expression, and the causes. */
export function describeFailure(error: unknown): string {
  const first = error instanceof ExpressionError ? error.describe() : messageOf(error);
  const causes = causesOf(error)
    .map((cause) => (cause instanceof ExpressionError ? cause.describe() : messageOf(cause)))
    .filter((message) => !first.includes(message));
  return [first, ...causes.map((message) => `Caused by: ${message}`)].join('\n');
}

/** The stack traces of an error and its causes. */
export function stackOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const stacks = [error, ...causesOf(error)].map((one) =>
    one instanceof Error ? (one.stack ?? one.message) : String(one),
  );
  return shortened(stacks.join('\nCaused by: '), MAX_STACK);
}

function causesOf(error: unknown): unknown[] {
  const causes: unknown[] = [];
  let pending: unknown[] = [error];
  while (pending.length > 0 && causes.length < MAX_CAUSES) {
    pending = pending.flatMap((one) => {
      if (!(one instanceof Error)) return [];
      const own = one instanceof AggregateError ? (one.errors as unknown[]) : [];
      return one.cause === undefined || one.cause === null ? own : [...own, one.cause];
    });
    causes.push(...pending.filter((cause) => !causes.includes(cause)));
  }
  return causes.slice(0, MAX_CAUSES);
}

function problemsOf(error: z.ZodError): string {
  return error.issues.map((issue) => `\`${issue.path.map(String).join('.')}\`: ${issue.message}`).join('; ');
}
