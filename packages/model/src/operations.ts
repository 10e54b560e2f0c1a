import type { JsonObject } from './execution.ts';
import type { State } from './states.ts';

/** What somebody asks of an existing execution. Written first, applied by the executor, refused with a reason. */
export type Operation =
  | { readonly kind: 'kill'; readonly cascade: boolean }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume'; readonly inputs?: JsonObject }
  | { readonly kind: 'restart' }
  | { readonly kind: 'force-run' }
  | { readonly kind: 'change-task-state'; readonly taskRunId: string; readonly state: State }
  | { readonly kind: 'change-status'; readonly state: State };

export type OperationKind = Operation['kind'];

/** An event in the inbox of an execution. Its row's id makes a repeat recognisable. */
export type ExecutionEvent =
  | {
      readonly kind: 'task-result';
      readonly taskRunSeq: number;
      readonly dispatch: number;
      readonly result: import('./execution.ts').TaskResult;
    }
  | { readonly kind: 'task-started'; readonly taskRunSeq: number; readonly dispatch: number; readonly date: number }
  | { readonly kind: 'lease-expired'; readonly taskRunSeq: number; readonly dispatch: number }
  | { readonly kind: 'operation'; readonly operationId: string; readonly operation: Operation }
  | { readonly kind: 'wake-up'; readonly wakeUp: WakeUp };

/** What becomes due at a moment for an execution. */
export type WakeUp =
  { readonly kind: 'start' } | { readonly kind: 'retry'; readonly taskRunSeq: number; readonly dispatch: number };
