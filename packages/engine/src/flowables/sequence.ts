import type { Frame } from '../frame.ts';
import type { NextRun } from './flowable.ts';

/**
 * One after the other (execution-semantics.md §6.2): the next task starts when nothing of the list is under way. Runs are
 * always a prefix of the list, so their number tells the place.
 */
export function nextInSequence(frame: Frame): readonly NextRun[] {
  if (frame.activeMain > 0) return [];
  const task = frame.tasks[frame.main.length];
  return task === undefined ? [] : [{ task }];
}
