import type { FlowListener, JsonObject } from '@tiercel/model';
import { kindOf, type Reader } from '../reader.ts';
import { reportNotYet, reportUnknownFields } from '../unknown-names.ts';
import { checkConditions } from './conditions.ts';
import { mapAt } from './limits.ts';
import { readTasks, type PlacedTask } from './tasks.ts';

/** Reads the listeners of a flow (execution-semantics.md §10.9); their tasks are added to `seen`. */
export function readListeners(reader: Reader, value: unknown, seen: PlacedTask[]): readonly FlowListener[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    reader.constraint(['listeners'], `expected a list, but got ${kindOf(value)}`);
    return [];
  }
  reader.deprecate(['listeners']);
  if (value.length > 0) reportNotYet(reader, ['listeners'], '"listeners"');
  return value.flatMap((item: unknown, index): FlowListener[] => {
    const at = ['listeners', index];
    const raw = mapAt(reader, item, at);
    if (raw === undefined) {
      if (item === null) reader.constraint(at, 'must not be null');
      return [];
    }
    reportUnknownFields(reader, at, raw, ['description', 'conditions', 'tasks']);
    checkConditions(reader, raw['conditions'], [...at, 'conditions'], false);
    const tasks = readTasks(reader, raw['tasks'], [...at, 'tasks'], seen);
    if (tasks.length === 0) reader.constraint([...at, 'tasks'], 'must not be empty');
    const { description, conditions } = raw;
    return [
      {
        ...(typeof description === 'string' ? { description } : {}),
        ...(Array.isArray(conditions) ? { conditions: conditions as JsonObject[] } : {}),
        tasks,
      },
    ];
  });
}
