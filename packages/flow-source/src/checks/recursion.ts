import type { PlacedTask } from '../sections/tasks.ts';
import type { Reader } from '../reader.ts';

const SUBFLOW_TYPES = /\.(?:Subflow|ForEachItem|flow\.Flow)$/;

/** A flow that starts itself by name would never end (execution-semantics.md §10.10). Names with expressions cannot be told. */
export function checkRecursion(
  reader: Reader,
  flow: { readonly namespace: string; readonly id: string },
  tasks: readonly PlacedTask[],
): void {
  for (const { task, path } of tasks) {
    const { type, namespace, flowId } = task;
    if (typeof type !== 'string' || !SUBFLOW_TYPES.test(type)) continue;
    if (namespace === flow.namespace && flowId === flow.id) {
      const place = reader.document.place([...path, 'flowId']);
      reader.constraint([], `Invalid Flow: Recursive call to flow [${flow.namespace}.${flow.id}]`, place);
    }
  }
}
