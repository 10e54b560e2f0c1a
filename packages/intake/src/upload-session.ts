import { pipeline } from 'node:stream/promises';
import { Writable, type Readable } from 'node:stream';
import { hasExtension } from '@tiercel/engine';
import { newId, type FileInput, type Flow, type FlowInput, type Label } from '@tiercel/model';
import type { CreateOutcome, NewExecution } from '@tiercel/store';
import type { IntakeDeps, IntakeLimits } from './deps.ts';
import { IntakeError } from './errors.ts';
import type { InputResolver } from './inputs/resolve.ts';
import { inputsOf, type ResolvedInput } from './inputs/verdict.ts';
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
  /**
   * A plain part. One that names no input is ignored; of several for one input the last counts. Throws `too-large`,
   * and `invalid-inputs` for one whose file came before.
   */
  field(name: string, text: string): void;
  /**
   * A file part: `files` with the input's id as file name, or the input's id as field name. Others are read to their end and ignored.
   * Throws `invalid-inputs` for a second file of one input.
   */
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
  readonly resolverOf: (flow: Flow) => InputResolver;
  readonly submit: (rows: readonly NewExecution[]) => Promise<readonly CreateOutcome[]>;
};

export const createUploadSession = (deps: SessionDeps, flow: Flow, request: SessionRequest): UploadSession =>
  new StreamingSession(deps, flow, request);

class StreamingSession implements UploadSession {
  readonly executionId: string;
  readonly flow: Flow;
  private readonly deps: SessionDeps;
  private readonly request: SessionRequest;
  private readonly resolver: InputResolver;
  private readonly byId: ReadonlyMap<string, FlowInput>;
  private readonly given: Record<string, unknown> = {};
  /** Parts that are being read. */
  private readonly pending = new Map<Readable, Promise<unknown>>();
  /** Inputs whose file came: another value would leave that file behind, known to nobody. */
  private readonly stored = new Set<string>();
  private characters = 0;
  private hasFiles = false;
  private isOver = false;

  constructor(deps: SessionDeps, flow: Flow, request: SessionRequest) {
    this.deps = deps;
    this.flow = flow;
    this.request = request;
    this.executionId = newId(deps.now());
    this.resolver = deps.resolverOf(flow);
    this.byId = new Map(flow.inputs.map((input) => [input.id, input]));
  }

  field(name: string, text: string): void {
    const { maxFieldCharacters } = this.deps.limits;
    this.characters += name.length + text.length;
    if (this.characters > maxFieldCharacters) {
      throw new IntakeError('too-large', `the fields of the request have more than ${maxFieldCharacters} characters`);
    }
    const input = this.byId.get(name);
    // Forms send an empty text where no file was chosen.
    if (input === undefined || (input.type === 'FILE' && text === '')) return;
    if (this.stored.has(name)) throw givenTwice(name);
    this.given[name] = text;
  }

  async file(fieldName: string, fileName: string, content: Readable): Promise<void> {
    if (this.isOver) throw new IntakeError('invalid-request', 'the request was given up');
    const input = this.fileInput(fieldName, fileName);
    const work = input === undefined ? drain(content) : this.store(input, fieldName, fileName, content);
    this.pending.set(content, work);
    try {
      await work;
    } finally {
      this.pending.delete(content);
    }
  }

  async finish(): Promise<NewExecution> {
    const { flow, executionId: id, request, deps } = this;
    try {
      await Promise.all(this.pending.values());
      const inputs = inputsOf(await this.resolver.resolve(this.given));
      const labels = requestedLabels(flow, request.labels ?? [], id);
      return newExecution({ flow, id, now: deps.now(), labels, inputs, scheduleDate: request.scheduleDate });
    } catch (error) {
      await this.abort();
      throw error;
    }
  }

  async commit(): Promise<{ readonly row: NewExecution; readonly outcome: CreateOutcome }> {
    const row = await this.finish();
    try {
      const [outcome] = await this.deps.submit([row]);
      return { row, outcome: outcome ?? { kind: 'created' } };
    } catch (error) {
      // When the store does not answer, the row may be there: files stay rather than be missed by an execution.
      if ((error as { readonly code?: unknown }).code !== 'unavailable') await this.abort();
      throw error;
    }
  }

  async report(): Promise<readonly ResolvedInput[]> {
    await Promise.all(this.pending.values());
    return this.resolver.report(this.given);
  }

  async abort(): Promise<void> {
    this.isOver = true;
    for (const content of this.pending.keys()) content.destroy();
    await Promise.allSettled(this.pending.values());
    if (!this.hasFiles) return;
    const { deps, flow, executionId } = this;
    try {
      // The id is this session's own: everything below its root came from here.
      await deps.storage.delete(flow.tenant, deps.layout.executionRoot(this.place()));
      this.hasFiles = false;
    } catch (error) {
      const about = { flowId: flow.id, executionId };
      deps.onError?.('files of an execution that was not created could not be removed', error, about);
    }
  }

  private place(): { readonly namespace: string; readonly flowId: string; readonly executionId: string } {
    return { namespace: this.flow.namespace, flowId: this.flow.id, executionId: this.executionId };
  }

  /** Which input a file part is for (rest-api.md §5, §19). */
  private fileInput(fieldName: string, fileName: string): FileInput | undefined {
    const named = fieldName === FILES_FIELD ? this.byId.get(fileName) : undefined;
    const input = named ?? this.byId.get(fieldName);
    return input?.type === 'FILE' ? input : undefined;
  }

  private async store(input: FileInput, fieldName: string, fileName: string, content: Readable): Promise<void> {
    if (this.stored.has(input.id)) throw givenTwice(input.id);
    this.stored.add(input.id);
    const { storage, layout, now } = this.deps;
    // Under its field name a file keeps its own name; under `files` that name is the input's id.
    const keepsName = fieldName === input.id && fileName !== '';
    const isRefused = keepsName && !isAllowed(input, fileName);
    const onlyNamed = this.request.validateOnly === true;
    const name =
      isRefused || (keepsName && !onlyNamed)
        ? layout.safeFileName(fileName)
        : `${onlyNamed ? input.id : newId(now())}${extensionOf(input)}`;
    const path = layout.inputFile(this.place(), input.id, name);
    // The verdict on a refused one comes with that on the other inputs; nothing needs to be kept for it.
    if (onlyNamed || isRefused) await drain(content);
    else {
      this.hasFiles = true;
      await storage.put(this.flow.tenant, path, content);
    }
    this.given[input.id] = layout.toUri(path);
  }
}

/** Of a stored file that has no name of its own. */
const extensionOf = ({ extension, allowedFileExtensions }: FileInput): string =>
  extension ?? allowedFileExtensions?.[0] ?? FILE_EXTENSION;

const isAllowed = ({ allowedFileExtensions = [] }: FileInput, name: string): boolean =>
  allowedFileExtensions.length === 0 || hasExtension(name, allowedFileExtensions);

const givenTwice = (id: string): IntakeError => {
  const message = `Invalid input for \`${id}\`, a file was given already`;
  return new IntakeError('invalid-inputs', message, { violations: [{ path: id, message }] });
};

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
