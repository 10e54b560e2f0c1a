export { ExpressionIo, type IoScope, type IoServices } from './expression-io.ts';
export { runAttempt } from './run-attempt.ts';
export { type InlineReport, runInline } from './run-inline.ts';
export { type AttemptServices, type AttemptSink, secretsOf } from './services.ts';
export { TaskGivenUp, TaskTimeout } from './stopping.ts';
