import type { FlowRef } from '@tiercel/model';

const SUBFLOW_TYPES = /\.(?:Subflow|ForEachItem|flows?\.Flow)$/;

/** The flow that a task starts, by the names it says; they may be expressions. Undefined for a task that starts none. */
export function calledFlow(task: Readonly<Record<string, unknown>>): Omit<FlowRef, 'tenant'> | undefined {
  const { type, namespace, flowId } = task;
  if (typeof type !== 'string' || !SUBFLOW_TYPES.test(type)) return undefined;
  return typeof namespace === 'string' && typeof flowId === 'string' ? { namespace, id: flowId } : undefined;
}
