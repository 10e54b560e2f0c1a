import { conditionName } from '@tiercel/flow-source';
import type { Execution, Label } from '@tiercel/model';

/** What conditions are judged on. `render` renders a text in the execution's context. */
export interface ConditionContext {
  readonly execution: Execution;
  render(template: string): Promise<string>;
}

type Condition = Readonly<Record<string, unknown>>;

/** True when all conditions hold (execution-semantics.md §12). Throws what rendering throws. */
export async function allHold(conditions: readonly unknown[], context: ConditionContext): Promise<boolean> {
  for (const condition of conditions) if (!(await holds(condition as Condition, context))) return false;
  return true;
}

async function anyHolds(conditions: readonly unknown[], context: ConditionContext): Promise<boolean> {
  for (const condition of conditions) if (await holds(condition as Condition, context)) return true;
  return false;
}

/** False when it is blank or says `false`; anything else is true, also `0` (execution-semantics.md §1.1). */
export const conditionTruth = (text: string): boolean => text.trim() !== '' && text.trim() !== 'false';

async function holds(condition: Condition, context: ConditionContext): Promise<boolean> {
  const name = conditionName(String(condition['type']));
  const { execution } = context;
  switch (name) {
    case 'Expression':
      return conditionTruth(await context.render(String(condition['expression'])));
    case 'Not':
      return !(await anyHolds(listOf(condition['conditions']), context));
    case 'Or':
      return anyHolds(listOf(condition['conditions']), context);
    case 'ExecutionFlow':
      return condition['namespace'] === execution.namespace && condition['flowId'] === execution.flowId;
    case 'ExecutionNamespace':
      return namespaceHolds(condition, execution.namespace);
    case 'ExecutionLabels':
      return labelsOf(condition['labels']).every(({ key, value }) =>
        execution.labels.some((label) => label.key === key && label.value === value),
      );
    case undefined:
      // The parser refuses these; a flow that was stored by another version may have one.
      throw new Error(`the condition ${String(condition['type'])} is not supported by this version yet`);
  }
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function namespaceHolds(condition: Condition, namespace: string): boolean {
  const wanted = String(condition['namespace']);
  switch (condition['comparison'] ?? (condition['prefix'] === true ? 'PREFIX' : 'EQUALS')) {
    case 'PREFIX':
      return namespace.startsWith(wanted);
    case 'SUFFIX':
      return namespace.endsWith(wanted);
    default:
      return namespace === wanted;
  }
}

function labelsOf(value: unknown): readonly Label[] {
  if (Array.isArray(value))
    return (value as readonly Condition[]).map(({ key, value: text }) => ({ key: String(key), value: String(text) }));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).map(([key, text]) => ({ key, value: String(text) }));
}
