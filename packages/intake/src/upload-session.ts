import { pipeline } from 'node:stream/promises';
import { Writable, type Readable } from 'node:stream';
import { newId, type Flow, type FlowInput, type Label } from '@tiercel/model';
import type { CreateOutcome, NewExecution } from '@tiercel/store';
import type { IntakeDeps, IntakeLimits } from './deps.ts';
import { IntakeError } from './errors.ts';
import { createInputResolver, inputsOf, type ResolvedInput } from './inputs/resolve.ts';
import { requestedLabels } from './labels.ts';
import { newExecution } from './new-execution.ts';

/** Form field under which files name their input by their file name (rest-api.md §5). */
const FILES_FIELD = 'files';
const FILE_EXTENSION = '.upl';

/**
 * An execution that is being asked for, part by part. Files go straight into the storage; `abort` removes them, and so does every
 * failure of `finish` and `commit`. Ends with exactly one of `commit`, `finish`, `report` or `abort`.
 */
export interface UploadSession {
  readonly executionId: string;
  readonly flow: Flow;
  /** A plain part. One that names no input is ignored; of several for one input the last counts. Throws `too-large`. */
  field(name: string, text: string): void;
  /** A file part: `files` with the input's id as file name, or the input's id as field name. Others are read to their end and ignored. */
  file(fieldName: string, fileName: string, content: Readable): Promise<void>;
  /** The row, with all inputs typed and validated. Throws `invalid-inputs`. */
  finish(): Promise<NewExecution>;
  /** Finishes and makes the execution durable. */
  commit(): Promise<{ readonly row: NewExecution; readonly outcome: CreateOutcome }>;
  /** The verdict on each input; nothing is kept. */
  report(): Promise<readonly ResolvedInput[]>;
  /** Gives up and removes what was stored. Never rejects. */
  abort(): Promise<void>;
}

export interface SessionRequest {
  readonly labels?: readonly Label[];
  /** ms since 1970. */
  readonly scheduleDate?: number;
  /** Only a verdict is wanted: files are not stored. */
  readonly validateOnly?: boolean;
}

type SessionDeps = Pick<IntakeDeps, 'storage' | 'layout' | 'now' | 'onError'> & {
  readonly limits: IntakeLimits;
  readonly submit: (rows: readonly NewExecution[]) => Promise<readonly CreateOutcome[]>;
};

export function createUploadSession(deps: SessionDeps, flow: Flow, request: SessionRequest): UploadSession {
  const { storage, layout, limits } = deps;
  const executionId = newId(deps.now());
  const place = { namespace: flow.namespace, flowId: flow.id, executionId };
  const resolver = createInputResolver(flow.inputs, isAddressOf(layout));
  const byId = new Map(flow.inputs.map((input) => [input.id, input]));
  const given: Record<string, unknown> = {};
  const pending = new Map<Readable, Promise<unknown>>();
  let characters = 0;
  let hasFiles = false;

  const fileInput = (fieldName: string, fileName: string): FlowInput | undefined => {
    const named = fieldName === FILES_FIELD ? byId.get(fileName) : undefined;
    const input = named ?? byId.get(fieldName);
    return input?.type === 'FILE' ? input : undefined;
  };

  const store = async (input: FlowInput, fieldName: string, fileName: string, content: Readable): Promise<void> => {
    const extension = input.extension ?? FILE_EXTENSION;
    // Under its field name a file keeps its own name; under `files` that name is the input's id.
    const name =
      fieldName === input.id && fileName !== '' ? layout.safeFileName(fileName) : `${newId(deps.now())}${extension}`;
    const path = layout.inputFile(place, input.id, request.validateOnly === true ? `${input.id}${extension}` : name);
    if (request.validateOnly === true) await drain(content);
    else {
      hasFiles = true;
      await storage.put(flow.tenant, path, content);
    }
    given[input.id] = layout.toUri(path);
  };

  const removeFiles = async (): Promise<void> => {
    for (const content of pending.keys()) content.destroy();
    await Promise.allSettled(pending.values());
    if (!hasFiles) return;
    try {
      // The id is this session's own: everything below its root came from here.
      await storage.delete(flow.tenant, layout.executionRoot(place));
      hasFiles = false;
    } catch (error) {
      deps.onError?.('files of an execution that was not created could not be removed', error, {
        flowId: flow.id,
        executionId,
      });
    }
  };

  const finish = async (): Promise<NewExecution> => {
    try {
      await Promise.all(pending.values());
      const inputs = inputsOf(resolver.resolve(given));
      const labels = requestedLabels(flow, request.labels ?? [], executionId);
      return newExecution({
        flow,
        id: executionId,
        now: deps.now(),
        labels,
        inputs,
        scheduleDate: request.scheduleDate,
      });
    } catch (error) {
      await removeFiles();
      throw error;
    }
  };

  return {
    executionId,
    flow,
    field(name, text) {
      characters += name.length + text.length;
      if (characters > limits.maxFieldCharacters) {
        throw new IntakeError(
          'too-large',
          `the fields of the request have more than ${limits.maxFieldCharacters} characters`,
        );
      }
      const input = byId.get(name);
      // Forms send an empty text where no file was chosen.
      if (input !== undefined && !(input.type === 'FILE' && text === '')) given[name] = text;
    },
    async file(fieldName, fileName, content) {
      const input = fileInput(fieldName, fileName);
      const work = input === undefined ? drain(content) : store(input, fieldName, fileName, content);
      pending.set(content, work);
      try {
        await work;
      } finally {
        pending.delete(content);
      }
    },
    finish,
    async commit() {
      const row = await finish();
      try {
        const [outcome] = await deps.submit([row]);
        return { row, outcome: outcome ?? { kind: 'created' } };
      } catch (error) {
        // When the store does not answer, the row may be there: files stay rather than be missed by an execution.
        if ((error as { readonly code?: unknown }).code !== 'unavailable') await removeFiles();
        throw error;
      }
    },
    async report() {
      await Promise.all(pending.values());
      return resolver.resolve(given);
    },
    abort: removeFiles,
  };
}

/** Reads a stream to its end and forgets it. */
const drain = (content: Readable): Promise<void> =>
  pipeline(content, new Writable({ write: (_chunk, _encoding, done) => done(), highWaterMark: 1024 * 1024 }));

/** Whether a text is an address of the internal storage, by the storage's own rules. */
export const isAddressOf =
  (layout: Pick<IntakeDeps['layout'], 'fromUri'>) =>
  (text: string): boolean => {
    try {
      layout.fromUri(text);
      return true;
    } catch {
      // The layout says no by throwing.
      return false;
    }
  };
