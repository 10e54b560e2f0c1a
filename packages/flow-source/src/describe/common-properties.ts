import type { PluginDefinition } from '@tiercel/plugin-kit';
import { z } from 'zod';
import { COMMON_TASK } from '../sections/common-task.ts';
import { described } from '../sections/names.ts';
import { COMMON_TRIGGER } from '../sections/triggers.ts';

const COMMON_OTHER = z.object({ type: described(z.string(), 'Type of it.') });

/** Properties that all types of a kind have (execution-semantics.md §2.7, §11.1). */
export function commonProperties(kind: PluginDefinition['kind']): z.ZodObject {
  switch (kind) {
    case 'task':
    case 'flowable':
      return COMMON_TASK;
    case 'trigger':
      return COMMON_TRIGGER;
    case 'condition':
    case 'task-runner':
      return COMMON_OTHER;
  }
}
