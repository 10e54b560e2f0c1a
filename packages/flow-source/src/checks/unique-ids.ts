import type { PlacedTask } from '../sections/tasks.ts';
import type { Path } from '../problem.ts';
import type { Reader } from '../reader.ts';

interface Identified {
  readonly id: unknown;
  readonly path: Path;
}

/** Ids that occur twice, each reported once at its second place (execution-semantics.md §10.10). */
function reportDuplicates(reader: Reader, what: string, items: readonly Identified[]): void {
  const seen = new Set<string>();
  const reported = new Set<string>();
  for (const { id, path } of items) {
    if (typeof id !== 'string') continue;
    if (seen.has(id) && !reported.has(id)) {
      reported.add(id);
      const { line, column } = reader.document.place([...path, 'id']);
      // The reference gathers these under the flow itself: no path of their own.
      reader.constraint([], `Invalid Flow: Duplicate ${what} with name [${id}]`, { line, column });
    }
    seen.add(id);
  }
}

const listed = (property: string, items: unknown): readonly Identified[] =>
  Array.isArray(items)
    ? items.map((item: unknown, index) => ({ id: (item as { id?: unknown } | null)?.id, path: [property, index] }))
    : [];

/** Ids of tasks are unique over the whole tree, those of triggers, inputs and outputs each in their list. */
export function checkUniqueIds(
  reader: Reader,
  raw: Readonly<Record<string, unknown>>,
  tasks: readonly PlacedTask[],
): void {
  reportDuplicates(
    reader,
    'task id',
    tasks.map(({ task, path }) => ({ id: task['id'], path })),
  );
  reportDuplicates(reader, 'trigger id', listed('triggers', raw['triggers']));
  reportDuplicates(reader, 'input', listed('inputs', raw['inputs']));
  reportDuplicates(reader, 'output', listed('outputs', raw['outputs']));
}
