import type { GraphRelation } from '@tiercel/contracts';
import type { Task } from '@tiercel/model';
import { isRawMap } from '../reader.ts';

/** Tasks of a flow or flowable that belong together. */
export interface Branch {
  readonly tasks: readonly Task[];
  /** How they come after one another. */
  readonly relation: GraphRelation;
  /** Whether the edge into it, too, tells its own relation and not that of what it belongs to. */
  readonly named: boolean;
  /** The case or branch. */
  readonly value?: string;
  /** For each task, the ids of those it waits for. */
  readonly waits?: readonly (readonly string[])[];
  /** It runs when all others have ended. */
  readonly last?: true;
}

const PARALLEL = /\.(?:Each)?Parallel$/;

const isTask = (value: unknown): value is Task => isRawMap(value) && typeof value['id'] === 'string';
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as readonly unknown[]) : []);
const entryTask = (entry: unknown): unknown => (isRawMap(entry) ? entry['task'] : undefined);

/** Whether a list wraps its tasks (Dag); as `childTasks` looks at it. */
const wraps = (value: unknown): boolean =>
  listOf(value).some((entry) => isRawMap(entry) && !('type' in entry) && isRawMap(entry['task']));

/** How the tasks inside a task come after it. */
export function relationInside(task: Task): GraphRelation {
  if (task['then'] !== undefined || task['cases'] !== undefined || task['defaults'] !== undefined) return 'CHOICE';
  if (wraps(task['tasks']) || task['values'] !== undefined || task['value'] !== undefined) return 'DYNAMIC';
  return PARALLEL.test(task.type) ? 'PARALLEL' : 'SEQUENTIAL';
}

const plain = (value: unknown, relation: GraphRelation, more: Partial<Branch> = {}): readonly Branch[] => {
  const tasks = listOf(value).filter(isTask);
  return tasks.length === 0 ? [] : [{ tasks, relation, named: false, ...more }];
};

function mainBranches(owner: Readonly<Record<string, unknown>>): readonly Branch[] {
  const { tasks, type } = owner;
  if (!wraps(tasks)) return plain(tasks, typeof type === 'string' && PARALLEL.test(type) ? 'PARALLEL' : 'SEQUENTIAL');
  const entries = listOf(tasks).filter((entry) => isTask(entryTask(entry)));
  const waits = entries.map((entry) =>
    listOf(isRawMap(entry) ? entry['dependsOn'] : []).filter((name) => typeof name === 'string'),
  );
  return [{ tasks: entries.map(entryTask).filter(isTask), relation: 'DYNAMIC', named: false, waits }];
}

/** The branches of a flow or of a task, by the properties that `walk.ts` knows. */
export function branchesOf(owner: Readonly<Record<string, unknown>>): readonly Branch[] {
  const cases = isRawMap(owner['cases']) ? Object.entries(owner['cases']) : [];
  return [
    ...mainBranches(owner),
    ...plain(owner['then'], 'SEQUENTIAL', { value: 'then' }),
    ...plain(owner['else'], 'SEQUENTIAL', { value: 'else' }),
    ...cases.flatMap(([value, tasks]) => plain(tasks, 'SEQUENTIAL', { value })),
    ...plain(owner['defaults'], 'SEQUENTIAL', { value: 'defaults' }),
    ...plain(owner['errors'], 'ERROR', { named: true }),
    ...plain(owner['finally'], 'FINALLY', { named: true, last: true }),
    ...plain(owner['afterExecution'], 'AFTER_EXECUTION', { named: true, last: true }),
  ];
}
