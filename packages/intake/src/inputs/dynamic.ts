import { inputReader, type InputPorts } from '@tiercel/engine';
import { errorText, toJson } from '@tiercel/expressions';
import { holdsSecret, isDynamic, Masking, type Flow, type FlowInput, type Json, type JsonObject } from '@tiercel/model';
import { fallbackOf, verdictOn, type Judged } from './judge.ts';
import type { OrderedInput } from './order.ts';
import { addSecret, maskingOf, withoutSecrets } from './secrets.ts';
import { nested, putInput, shownGiven, valueOfInput, type GivenInputs, type ResolvedInput } from './verdict.ts';

/** Renders expressions on behalf of a flow; `inputs` is the variable of that name. Rejects with a readable message, not masked. */
export interface RenderInput {
  /** One text to its value (expressions.md §1.3). */
  typed(flow: Flow, template: string, inputs: JsonObject, onSecret: OnSecret): Promise<unknown>;
  /** A default to plain data: texts of one expression to its value, other texts to text. */
  data(flow: Flow, value: Json, inputs: JsonObject, onSecret: OnSecret): Promise<Json>;
}

/** Is told every secret that `secret()` reads. */
export type OnSecret = (secret: string) => void;

interface Task {
  readonly flow: Flow;
  readonly order: readonly OrderedInput[];
  readonly given: GivenInputs;
  readonly ports: InputPorts;
  readonly render: RenderInput;
}

/** Why an input has no value that could be judged; a message of its own, without "Invalid input for". */
class NoVerdict extends Error {}

/** Verdicts with the secrets that were read for them: their messages are masked, their values are not. */
export interface DynamicVerdicts {
  readonly verdicts: readonly ResolvedInput[];
  readonly masking: Masking;
}

/** Resolves inputs of which some depend on others or hold expressions (execution-semantics.md §10.2), one after the other. */
export async function resolveDynamic(task: Task): Promise<DynamicVerdicts> {
  const resolution = new Resolution(task);
  const verdicts: ResolvedInput[] = [];
  for (const entry of task.order) verdicts[entry.index] = await resolution.next(entry);
  const { masking } = resolution;
  return { verdicts: withoutSecrets(verdicts, masking), masking };
}

class Resolution {
  /** Expressions take secrets into the values and the messages of other inputs. */
  readonly masking: Masking;
  private readonly task: Task;
  private readonly judged = new Map<string, Judged>();
  /** The variable `inputs` with all that is enabled so far. */
  private readonly known: Record<string, Json> = {};

  constructor(task: Task) {
    this.task = task;
    const inputs = task.order.map(({ input }) => input);
    this.masking = maskingOf(inputs, task.given) ?? new Masking();
  }

  async next({ input, dependencies }: OrderedInput): Promise<ResolvedInput> {
    const raw = (valueOfInput(this.task.given, input.id) as Json | undefined) ?? null;
    const enabled = await this.isEnabled(input, dependencies);
    const judged = enabled === true ? await this.judge(input, raw) : disabled(input, raw, enabled);
    this.judged.set(input.id, judged);
    if (holdsSecret(input)) addSecret(this.masking, input, judged.plain);
    if (judged.verdict.enabled) putInput(this.known, input.id, judged.plain);
    return judged.verdict;
  }

  /** False or, when the condition cannot be rendered, why. */
  private async isEnabled(input: FlowInput, dependencies: readonly string[]): Promise<boolean | string> {
    const condition = input.dependsOn?.condition;
    if (dependencies.some((id) => this.judged.get(id)?.verdict.enabled !== true)) return false;
    if (condition === undefined) return true;
    try {
      // Only what is listed: that is what the condition depends on.
      const inputs = nested(dependencies.map((id) => [id, this.judged.get(id)?.plain ?? null] as const));
      return (await this.task.render.typed(this.task.flow, condition, inputs, this.onSecret)) === true;
    } catch (error) {
      return `Invalid condition: ${errorText(error)}`;
    }
  }

  private async judge(input: FlowInput, raw: Json): Promise<Judged> {
    try {
      const rendered = await this.withValues(input);
      const value = raw ?? (await this.defaultOf(rendered));
      return verdictOn(rendered, inputReader(rendered, this.task.ports), value);
    } catch (error) {
      if (!(error instanceof NoVerdict)) throw error;
      return { verdict: { input, enabled: true, error: error.message, ...shownGiven(input, raw) }, plain: raw };
    }
  }

  /** The input with the values that its expression gives. */
  private async withValues(input: FlowInput): Promise<FlowInput> {
    if ((input.type !== 'SELECT' && input.type !== 'MULTISELECT') || input.expression === undefined) return input;
    const { expression, ...rest } = input;
    const { flow, render } = this.task;
    const result = await this.rendering('expression', () => render.typed(flow, expression, this.known, this.onSecret));
    if (!Array.isArray(result) && !(result instanceof Set)) {
      throw new NoVerdict(`Invalid expression result. Expected a list of strings, but received ${kindName(result)}`);
    }
    const items = [...(result as Iterable<unknown>)].filter((item) => item !== null && item !== undefined);
    return { ...rest, values: items.map((item) => (typeof item === 'string' ? item : toJson(item))) };
  }

  private async defaultOf(input: FlowInput): Promise<Json> {
    const { defaults = null } = input;
    if (isDynamic(defaults)) {
      const { flow, render } = this.task;
      return this.rendering('defaults', () => render.data(flow, defaults, this.known, this.onSecret));
    }
    return fallbackOf(input);
  }

  private readonly onSecret = (secret: string): void => this.masking.add(secret);

  private async rendering<T>(property: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw new NoVerdict(`Cannot render '${property}'. Cause: ${errorText(error)}`);
    }
  }
}

function disabled(input: FlowInput, raw: Json, why: false | string): Judged {
  const error = why === false ? {} : { error: why };
  return { verdict: { input, enabled: false, ...error, ...shownGiven(input, raw) }, plain: raw };
}

/** What a value is, in the words of the reference. */
function kindName(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return 'String';
  if (typeof value === 'boolean') return 'Boolean';
  if (typeof value === 'bigint' || Number.isInteger(value)) return 'Integer';
  return typeof value === 'number' ? 'Double' : 'Map';
}
