import { z } from 'zod';
import { dateTime, localTime, offsetTime, timeZone } from './dates.ts';
import { defineTask, defineTaskRunner } from './define.ts';
import { duration, dynamicMap, dynamicText, dynamicTexts, fixedBoolean } from './properties.ts';
import { TaskFailure } from './run-context.ts';

/** Of what plugins from outside are made with; raised when a plugin that was made for the one before would not run. */
export const KIT_VERSION = 1;

/**
 * What a plugin from outside gets: it need not install anything, and its schemas and failures are those of the server that runs
 * it, however that was bundled.
 */
export const pluginKit = {
  version: KIT_VERSION,
  z,
  defineTask,
  defineTaskRunner,
  TaskFailure,
  dateTime,
  duration,
  dynamicMap,
  dynamicText,
  dynamicTexts,
  fixedBoolean,
  localTime,
  offsetTime,
  timeZone,
} as const;
