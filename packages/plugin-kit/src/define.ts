import type { z } from 'zod';
import type { BoundTaskRunner, RunContext, TaskOutput } from './run-context.ts';

/** A flow that shows a type at work, whole: a test parses the examples of all types. */
export interface PluginExample {
  readonly title: string;
  /** YAML of a flow. */
  readonly code: string;
}

/** A metric that a type measures while it works. */
export interface PluginMetric {
  readonly name: string;
  readonly type: 'counter' | 'timer';
  readonly unit?: string;
  readonly description?: string;
}

/** What every plugin type says of itself. `type` is the full name that flows use; aliases are older names of it. */
export interface PluginType<Properties extends z.ZodObject> {
  readonly type: string;
  readonly aliases?: readonly string[];
  readonly title: string;
  readonly description?: string;
  /** Still accepted; whoever uses it is told so. */
  readonly deprecated?: boolean;
  readonly examples?: readonly PluginExample[];
  readonly metrics?: readonly PluginMetric[];
  /** SVG of 24 by 24; without it the type has the picture of its group. */
  readonly icon?: string;
  /** What it gives to the tasks that come after it; of a trigger the variable `trigger`. */
  readonly outputs?: z.ZodObject;
  /** The type's own properties (not the common ones); unknown ones are refused when a flow is saved. */
  readonly properties: Properties;
}

export interface TaskDefinition<Properties extends z.ZodObject = z.ZodObject> extends PluginType<Properties> {
  readonly kind: 'task';
  /**
   * `inline`: bounded work without I/O; the executor may run it within its own step. `worker`: everything else.
   */
  readonly lane: 'inline' | 'worker';
  /** Runs one attempt. Throws to fail it. */
  run(context: RunContext, properties: z.output<Properties>): Promise<TaskOutput | undefined>;
}

/** A task that the engine itself interprets (flowables); here only its properties are known. */
export interface FlowableDefinition<Properties extends z.ZodObject = z.ZodObject> extends PluginType<Properties> {
  readonly kind: 'flowable';
}

export interface TriggerDefinition<Properties extends z.ZodObject = z.ZodObject> extends PluginType<Properties> {
  readonly kind: 'trigger';
}

export interface TaskRunnerDefinition<Properties extends z.ZodObject = z.ZodObject> extends PluginType<Properties> {
  readonly kind: 'task-runner';
  bind(context: RunContext, properties: z.output<Properties>): BoundTaskRunner;
}

/** A condition of a trigger or a listener; the server judges it (execution-semantics.md §12). */
export interface ConditionDefinition<Properties extends z.ZodObject = z.ZodObject> extends PluginType<Properties> {
  readonly kind: 'condition';
}

export type PluginDefinition =
  TaskDefinition | FlowableDefinition | TriggerDefinition | TaskRunnerDefinition | ConditionDefinition;

export const defineTask = <P extends z.ZodObject>(definition: Omit<TaskDefinition<P>, 'kind'>): TaskDefinition =>
  ({ ...definition, kind: 'task' }) as unknown as TaskDefinition;

export const defineFlowable = <P extends z.ZodObject>(
  definition: Omit<FlowableDefinition<P>, 'kind'>,
): FlowableDefinition => ({ ...definition, kind: 'flowable' }) as unknown as FlowableDefinition;

export const defineTrigger = <P extends z.ZodObject>(
  definition: Omit<TriggerDefinition<P>, 'kind'>,
): TriggerDefinition => ({ ...definition, kind: 'trigger' }) as unknown as TriggerDefinition;

export const defineCondition = <P extends z.ZodObject>(
  definition: Omit<ConditionDefinition<P>, 'kind'>,
): ConditionDefinition => ({ ...definition, kind: 'condition' }) as unknown as ConditionDefinition;

export const defineTaskRunner = <P extends z.ZodObject>(
  definition: Omit<TaskRunnerDefinition<P>, 'kind'>,
): TaskRunnerDefinition => ({ ...definition, kind: 'task-runner' }) as unknown as TaskRunnerDefinition;
