import type { Flow, FlowRef, Trigger } from '@tiercel/model';
import { isRawMap } from '../reader.ts';
import { conditionWord } from '../sections/conditions.ts';

type Name = Omit<FlowRef, 'tenant'>;

/** Undefined: it depends on the execution. */
type Verdict = boolean | undefined;
type Properties = Readonly<Record<string, unknown>>;

const FLOW_TRIGGERS: ReadonlySet<string> = new Set([
  'io.kestra.plugin.core.trigger.Flow',
  'io.kestra.core.models.triggers.types.Flow',
]);

/** Whether executions of `upstream` can start `flow` through a Flow trigger (execution-semantics.md §11.6), as far as names tell. */
export function mayFire(flow: Flow, upstream: Name): boolean {
  return flow.triggers.some((trigger) => FLOW_TRIGGERS.has(trigger.type) && triggerFires(trigger, flow, upstream));
}

function triggerFires(trigger: Trigger, flow: Flow, upstream: Name): boolean {
  const { conditions, preconditions } = trigger;
  const fits = maps(conditions).every((condition) => judge(condition, flow, upstream) !== false);
  return fits && (!isRawMap(preconditions) || preconditionsFit(preconditions, upstream));
}

const maps = (value: unknown): readonly Properties[] =>
  Array.isArray(value)
    ? (value as readonly unknown[]).filter(isRawMap)
    : isRawMap(value)
      ? Object.values(value).filter(isRawMap)
      : [];

/** A name that is an expression may become anything. */
const same = (wanted: unknown, name: string): Verdict =>
  typeof wanted !== 'string' || wanted.includes('{{') ? undefined : wanted === name;

/** False when one is false, true when all are true. */
function all(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes(false)) return false;
  return verdicts.includes(undefined) ? undefined : true;
}

const not = (verdict: Verdict): Verdict => (verdict === undefined ? undefined : !verdict);
const any = (verdicts: readonly Verdict[]): Verdict => not(all(verdicts.map(not)));

/** A condition, by the names of the flows alone (execution-semantics.md §11.7). */
function judge(condition: Properties, flow: Name, upstream: Name): Verdict {
  const { type, namespace, flowId } = condition;
  const inner = (): readonly Verdict[] => maps(condition['conditions']).map((one) => judge(one, flow, upstream));
  switch (typeof type === 'string' ? conditionWord(type) : undefined) {
    case 'ExecutionFlow':
      return all([same(namespace, upstream.namespace), same(flowId, upstream.id)]);
    case 'FlowCondition':
      return all([same(namespace, flow.namespace), same(flowId, flow.id)]);
    case 'ExecutionNamespace':
      return inNamespace(condition, upstream.namespace);
    case 'FlowNamespaceCondition':
      return inNamespace(condition, flow.namespace);
    case 'Not':
      return not(any(inner()));
    case 'Or':
    // Each of several conditions may be for another execution.
    case 'MultipleCondition':
      return any(inner());
    default:
      return undefined;
  }
}

function inNamespace({ namespace, comparison, prefix }: Properties, name: string): Verdict {
  if (typeof namespace !== 'string' || namespace.includes('{{')) return undefined;
  switch (comparison ?? (prefix === true ? 'PREFIX' : 'EQUALS')) {
    case 'PREFIX':
      return name.startsWith(namespace);
    case 'SUFFIX':
      return name.endsWith(namespace);
    default:
      return name === namespace;
  }
}

/** One of the flows, or one of the filters, is enough: the others wait for other executions. */
function preconditionsFit({ flows, where }: Properties, upstream: Name): boolean {
  const ofFlows = maps(flows).map(({ namespace, flowId }) =>
    all([same(namespace, upstream.namespace), flowId === undefined ? true : same(flowId, upstream.id)]),
  );
  const ofFilters = maps(where).map(({ operand, filters }) => {
    const verdicts = maps(filters).map((filter) => filterFits(filter, upstream));
    return operand === 'OR' ? any(verdicts) : all(verdicts);
  });
  const verdicts = [...ofFlows, ...ofFilters];
  return verdicts.length === 0 || any(verdicts) !== false;
}

function filterFits({ field, type, value, values }: Properties, upstream: Name): Verdict {
  if (field !== 'FLOW_ID' && field !== 'NAMESPACE') return undefined;
  const name = field === 'FLOW_ID' ? upstream.id : upstream.namespace;
  const listed = (): Verdict => (Array.isArray(values) ? any(values.map((one) => same(one, name))) : undefined);
  const text = typeof value === 'string' && !value.includes('{{') ? value : undefined;
  switch (type) {
    case 'EQUAL_TO':
      return same(value, name);
    case 'NOT_EQUAL_TO':
      return not(same(value, name));
    case 'IN':
      return listed();
    case 'NOT_IN':
      return not(listed());
    case 'STARTS_WITH':
      return text === undefined ? undefined : name.startsWith(text);
    case 'ENDS_WITH':
      return text === undefined ? undefined : name.endsWith(text);
    case 'CONTAINS':
      return text === undefined ? undefined : name.includes(text);
    default:
      return undefined;
  }
}
