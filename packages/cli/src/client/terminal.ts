import type { ExecutionJson, LogEntryJson } from '@tiercel/contracts';
import type { LogLevel, State } from '@tiercel/model';

/** What commands show to people. */
export interface Terminal {
  /** A result, on standard output. */
  print(text: string): void;
  /** Something to know that is no result, on standard error. */
  note(text: string): void;
  log(line: LogEntryJson): void;
  /** How an execution ended, with its outputs. */
  ended(execution: ExecutionJson): void;
}

const LEVEL_COLOURS: Readonly<Record<LogLevel, number>> = { TRACE: 90, DEBUG: 90, INFO: 36, WARN: 33, ERROR: 31 };
const STATE_COLOURS: Partial<Readonly<Record<State, number>>> = { SUCCESS: 32, WARNING: 33, FAILED: 31, KILLED: 31 };

/** Colours only where a person looks, and never with NO_COLOR set. */
export function createTerminal(process: NodeJS.Process): Terminal {
  const coloured = process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '';
  const colour = (code: number | undefined, text: string): string =>
    coloured && code !== undefined ? `\u001B[${code}m${text}\u001B[0m` : text;
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  return {
    print,
    note: (text) => void process.stderr.write(`${text}\n`),
    log({ timestamp, level, taskId, message }) {
      const head = `${timestamp.slice(11, 23)} ${colour(LEVEL_COLOURS[level], level.padEnd(5))} ${taskId ?? ''}`;
      print(`${head.trimEnd()}  ${harmless(message)}`);
    },
    ended({ id, state, outputs }) {
      const seconds = secondsOf(state.duration);
      print(`${colour(STATE_COLOURS[state.current], state.current)}  execution ${id} ended after ${seconds}`);
      if (outputs !== undefined) print(`outputs: ${JSON.stringify(outputs, undefined, 2)}`);
    },
  };
}

// oxlint-disable-next-line no-control-regex -- these are what it removes
const CONTROLS = /[\u0000-\u0008\u000B-\u001F\u007F]/g;

/** A text of somebody else without control characters, which would paint over the terminal. */
export const harmless = (text: string): string => text.replace(CONTROLS, '');

/** `PT1M2.5S` as `1m 2.5s`. */
const secondsOf = (duration: string): string =>
  duration
    .replace(/^PT/, '')
    .toLowerCase()
    .replace(/([hm])(?=\d)/g, '$1 ');

/** Lines with columns under each other. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
