import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Handlebars from 'handlebars';
import { createHelpers, type RenderEnv } from '@tiercel/expressions';
import { executionToJson, isoDate, logToJson, type ExecutionParts, type LogParts } from '@tiercel/contracts';
import { currentState, historyDuration, type Json, type JsonObject } from '@tiercel/model';
import { registerHelpers } from './helpers.ts';
import { timelineOf } from './timeline.ts';

export interface ReportOptions {
  /** ms since 1970. */
  readonly now: number;
  /** Folder whose `report.hbs` replaces the built-in template. */
  readonly templates?: string;
  /** There are more log lines than were given. */
  readonly logsTruncated?: boolean;
}

const BUILT_IN = fileURLToPath(new URL('../templates', import.meta.url));
/** Bars beyond these would make a page that no browser scrolls well. */
const MAX_BARS = 2000;
/** Longest value that is shown whole. */
const MAX_TEXT = 20_000;

const TEMPLATE_FILE = 'report.hbs';
const ENV: RenderEnv = { now: () => Date.now(), random: Math.random, clock: () => performance.now() };

type Template = (context: object) => string;
const compiled = new Map<string, Template>();

/** A template by its folder, compiled once. A folder without the file falls back to the built-in one. */
function templateOf(folder: string): Template {
  const known = compiled.get(folder);
  if (known !== undefined) return known;
  const handlebars = Handlebars.create();
  const text = readTemplate(folder);
  const renderWith = registerHelpers(handlebars, { text, name: TEMPLATE_FILE });
  const run = handlebars.compile<object>(text, { strict: false, preventIndent: true });
  // Bounds on work count for the page as a whole.
  const template: Template = (context) => renderWith(createHelpers(ENV), () => run(context));
  compiled.set(folder, template);
  return template;
}

function readTemplate(folder: string): string {
  try {
    return readFileSync(join(folder, TEMPLATE_FILE), 'utf8');
  } catch (error) {
    if (folder === BUILT_IN || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return readFileSync(join(BUILT_IN, TEMPLATE_FILE), 'utf8');
  }
}

/** `1 h 2 min`, `3.5 s`, `12 ms`: the two largest units. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${Math.round(ms / 100) / 10} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.round((ms % 60_000) / 1000)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

const valueText = (value: Json): string => {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
};

const rowsOf = (object: JsonObject | undefined): readonly { name: string; value: string }[] =>
  Object.entries(object ?? {}).map(([name, value]) => ({ name, value: valueText(value) }));

/** What the template sees; `docs/reports.md` of a deployment may build on these names. */
function contextOf(view: ExecutionParts, logs: readonly LogParts[], { now, logsTruncated }: ReportOptions): object {
  const { execution, taskRuns } = view;
  const json = executionToJson(view, { now });
  const bars = timelineOf(execution, taskRuns.slice(0, MAX_BARS), now);
  return {
    execution: json,
    state: currentState(execution.history),
    duration: durationText(historyDuration(execution.history, now)),
    generatedAt: isoDate(now),
    inputs: rowsOf(json.inputs),
    outputs: rowsOf(json.outputs),
    variables: rowsOf(json.variables),
    trigger: execution.trigger,
    bars: bars.map((bar) => ({ ...bar, duration: durationText(bar.duration) })),
    taskRuns: (json.taskRunList ?? []).map((taskRun, i) => ({
      ...taskRun,
      duration: bars[i] === undefined ? taskRun.state.duration : durationText(bars[i].duration),
      attemptCount: taskRun.attempts?.length ?? 0,
      outputRows: taskRun.outputs === null ? [] : rowsOf(taskRun.outputs as JsonObject),
    })),
    taskRunCount: view.taskRunCount ?? taskRuns.length,
    taskRunsTruncated: json.taskRunListTruncated === true,
    taskRunCounts: json.taskRunCounts,
    logs: logs.map(logToJson),
    logsTruncated: logsTruncated === true,
  };
}

/**
 * One self-contained HTML page about an execution: states, a timeline, inputs, outputs, labels, task runs, logs. Everything that comes
 * from users is escaped. Throws when a template of the user's own is broken.
 */
export function renderReport(view: ExecutionParts, logs: readonly LogParts[], options: ReportOptions): string {
  return templateOf(options.templates ?? BUILT_IN)(contextOf(view, logs, options));
}
