import type { Logger } from '@tiercel/runtime';
import type { FlowName } from '../routes/flows/shared.ts';

/** What there is to tell of a folder of flows. Files by their paths, as the folder was named. */
export type FlowFolderEvent =
  /** The flow of a file was created, or got a new revision. */
  | { readonly kind: 'written'; readonly file: string; readonly flow: FlowName; readonly revision: number }
  /** No file holds the flow any more. `file`: the one that held it last. */
  | { readonly kind: 'deleted'; readonly file: string; readonly flow: FlowName }
  /** Something in a file that keeps it from being a flow. Line and column from 1, where there is one. */
  | {
      readonly kind: 'mistake';
      readonly file: string;
      readonly line?: number;
      readonly column?: number;
      readonly message: string;
    }
  /** Something outside of the files is wrong; it is tried again. */
  | { readonly kind: 'trouble'; readonly message: string; readonly error?: unknown }
  /** The files that were there at the start have been looked at. */
  | { readonly kind: 'loaded'; readonly folder: string; readonly files: number; readonly mistakes: number };

export type TellOfFlowFolder = (event: FlowFolderEvent) => void;

/** One line for people; a mistake begins with `file:line:column`, which editors and terminals make a link of. */
export function describeFolderEvent(event: FlowFolderEvent): string {
  switch (event.kind) {
    case 'written':
      return `${event.file}: flow ${nameOf(event.flow)} is now revision ${event.revision}`;
    case 'deleted':
      return `${event.file}: flow ${nameOf(event.flow)} is deleted, because no file holds it any more`;
    case 'mistake': {
      const place = event.line === undefined ? '' : `:${event.line}:${event.column ?? 1}`;
      return `${event.file}${place}: ${event.message}`;
    }
    case 'trouble':
      return event.message;
    case 'loaded': {
      const { folder, files, mistakes } = event;
      const wrong = mistakes === 0 ? '' : `, ${mistakes} with mistakes`;
      return `${folder}: ${files} ${files === 1 ? 'file' : 'files'} with flows loaded${wrong}; changes are watched`;
    }
  }
}

const nameOf = ({ namespace, id }: FlowName): string => `${namespace}.${id}`;

/** Tells the log, with the place as fields of their own. */
export const tellLog =
  (logger: Logger): TellOfFlowFolder =>
  (event) => {
    const { kind, ...rest } = event;
    // The line has the message already.
    const { message: _, ...fields } = { message: undefined, ...rest };
    if (kind === 'mistake' || kind === 'trouble') logger.warn(fields, describeFolderEvent(event));
    else logger.info(fields, describeFolderEvent(event));
  };
