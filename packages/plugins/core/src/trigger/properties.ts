import { STATES } from '@tiercel/model';
import { dynamicMap } from '@tiercel/plugin-kit';
import { z } from 'zod';

export const anything = z.record(z.string(), z.unknown());

export const states = (title: string) => z.array(z.enum(STATES)).meta({ title, $dynamic: false });

export const triggerInputs = dynamicMap('Values for inputs of the flow.').optional();

export const triggerStopAfter = states('States of an execution after which the trigger is disabled.').optional();

export const triggerLabels = z
  .union([z.array(anything), anything])
  .optional()
  .meta({ title: 'Labels of the executions that it starts.', $dynamic: false });
