import {
  NeedsIo,
  renderText,
  renderTyped,
  renderStructure,
  type IoCall,
  type RenderEnv,
  type Value,
} from '@tiercel/expressions';
import { currentState, withState, type LogLevel, type State, type TaskRun, type WakeUp } from '@tiercel/model';
import type { Renderer } from './flowables/flowable.ts';
import type { ExecutionState } from './state.ts';
import { ExecutionSecrets } from './secrets.ts';
import { buildVariables, selfVariables, type ServerVariables } from './variables.ts';

/** What `advance` is told besides the events: the time, and the world as far as it was asked for. */
export interface AdvanceContext {
  /** ms since 1970. */
  readonly now: number;
  /** Its `memo` holds the results of the I/O calls that an earlier call of the same step asked for. */
  readonly env: RenderEnv;
  readonly server: ServerVariables;
  /** Whether a job is being run by some worker, as far as is known. */
  readonly leased: (taskRunSeq: number, dispatch: number) => boolean;
  /** How many task runs one call may start, so that one execution does not keep all others waiting. */
  readonly budget: number;
}

/** A line that the engine itself has to say, of the execution (no `seq`) or of a task run. */
export interface EngineLog {
  readonly seq?: number;
  readonly level: LogLevel;
  readonly message: string;
  /** ms since 1970. */
  readonly date: number;
}

/** What a step asks of its host, besides writing the changed rows. */
export interface Effects {
  /** Task runs to be run at once, within this step; their results come as events of the next call. */
  readonly inline: number[];
  /** Task runs whose jobs are to be sent to workers after the commit. */
  readonly dispatched: number[];
  readonly logs: EngineLog[];
  readonly wakeUps: { readonly dueAt: number; readonly wakeUp: WakeUp }[];
  readonly operations: { readonly id: string; readonly outcome: 'applied' | 'refused'; readonly reason?: string }[];
  /** I/O that expressions wait for: perform it and call again with the results in the memo. */
  readonly needs: IoCall[];
  /** What workers run of this execution is to be killed. */
  kill: boolean;
  /** The budget ended before the work did: commit and call again. */
  more: boolean;
}

export const noEffects = (): Effects => ({
  inline: [],
  dispatched: [],
  logs: [],
  wakeUps: [],
  operations: [],
  needs: [],
  kill: false,
  more: false,
});

/** One call of `advance` at work: the state, the context, and what has come out so far. */
export class Step {
  readonly state: ExecutionState;
  readonly context: AdvanceContext;
  readonly effects: Effects = noEffects();
  /** Everything that this step decrypts and says goes by here. */
  readonly secrets: ExecutionSecrets;
  started = 0;
  private env: RenderEnv | undefined;

  constructor(state: ExecutionState, context: AdvanceContext) {
    this.state = state;
    this.context = context;
    this.secrets = new ExecutionSecrets(state, context.server);
  }

  /** Gives a task run another state. */
  move(run: TaskRun, state: State, change: Partial<TaskRun> = {}): TaskRun {
    const moved: TaskRun = { ...run, ...change, history: withState(run.history, state, this.context.now) };
    this.state.update(moved);
    return moved;
  }

  /** Gives the execution another state. */
  moveExecution(state: State): void {
    const { execution } = this.state;
    if (currentState(execution.history) === state) return;
    this.state.execution = { ...execution, history: withState(execution.history, state, this.context.now) };
  }

  /** Says something in the log of the execution, or of a task run; secrets are masked. */
  log(level: LogLevel, text: string, seq?: number): void {
    const message = this.secrets.mask(text);
    this.effects.logs.push({ level, message, date: this.context.now, ...(seq !== undefined && { seq }) });
  }

  /** Looks again at a frame, soon. */
  lookAt(key: number): void {
    const { agenda } = this.state;
    const last = agenda[agenda.length - 1];
    if (last?.kind !== 'progress' || last.key !== key) agenda.push({ kind: 'progress', key });
  }

  variables(run: TaskRun | undefined): Record<string, Value> {
    const variables = this.secrets.open(buildVariables(this.state, run, this.context.server));
    return run === undefined ? variables : { ...variables, ...selfVariables(this.state, run) };
  }

  renderer(run: TaskRun | undefined): Renderer {
    const env = (this.env ??= { ...this.context.env, onSecret: this.secrets.add });
    let variables: Record<string, Value> | undefined;
    const seen = (): Record<string, Value> => (variables ??= this.variables(run));
    return {
      text: (template) => (template.includes('{') ? renderText(template, seen(), env) : template),
      value: (template) => (template.includes('{') ? renderValue(template, seen(), env) : template),
      structure: (value) => renderStructure(value, seen(), env),
    };
  }

  /**
   * Evaluates something that may need I/O or fail. `undefined`: it waits for I/O, and is to be looked at again.
   */
  attempt<T>(work: () => T): { readonly value: T } | { readonly error: Error } | undefined {
    try {
      return { value: work() };
    } catch (error) {
      if (error instanceof NeedsIo) {
        this.effects.needs.push(...error.calls);
        return undefined;
      }
      return { error: error instanceof Error ? error : new Error(String(error)) };
    }
  }
}

/** Typed rendering where the template is one expression, text otherwise. Raises as the renderings do. */
export function renderValue(template: string, variables: Readonly<Record<string, Value>>, env: RenderEnv): unknown {
  if (!template.includes('{')) return template;
  const trimmed = template.trim();
  const single = trimmed.startsWith('{{') && trimmed.endsWith('}}') && !trimmed.slice(2).includes('{{');
  return single ? renderTyped(trimmed, variables, env) : renderText(template, variables, env);
}
