import type { IoCall, IoResult, RenderEnv } from '@tiercel/expressions';
import type { Execution } from '@tiercel/model';
import type { Storage, StorageLayout } from '@tiercel/storage';
import type { ExecutionStore } from '@tiercel/store';
import type { FlowLookup } from './find-flow.ts';
import type { ServerVariables } from './variables.ts';

/** Performs the I/O that a key or a condition asks for (secrets, key-value …), on behalf of a flow. */
export type PerformIo = (
  flow: { readonly tenant: string; readonly namespace: string; readonly id: string },
  calls: readonly IoCall[],
) => Promise<ReadonlyMap<string, IoResult>>;

export interface IntakeLimits {
  /** Characters of all plain fields of one request together. */
  readonly maxFieldCharacters: number;
  /** Bytes of a webhook's body. */
  readonly maxBodyBytes: number;
  /** How long a webhook sender's delivery id is remembered, ms. */
  readonly deliveryTtlMs: number;
}

export const DEFAULT_INTAKE_LIMITS: IntakeLimits = {
  maxFieldCharacters: 10 * 1024 * 1024,
  maxBodyBytes: 10 * 1024 * 1024,
  deliveryTtlMs: 24 * 60 * 60 * 1000,
};

/** What intake needs from outside. */
export interface IntakeDeps {
  readonly store: Pick<ExecutionStore, 'create'>;
  readonly flows: FlowLookup;
  readonly storage: Pick<Storage, 'put' | 'delete'>;
  /** `storageLayout` of the storage package, which this package knows by its types only. */
  readonly layout: Pick<StorageLayout, 'executionRoot' | 'inputFile' | 'toUri' | 'fromUri' | 'safeFileName'>;
  /** "Look at this execution": called after its row is durable. Must not wait for anything. */
  readonly hint: (execution: Execution) => void;
  /** ms since 1970. */
  readonly now: () => number;
  readonly variables?: ServerVariables;
  /** Absent: keys and conditions that need I/O fail. */
  readonly perform?: PerformIo;
  /** Encrypts a secret (expressions.md §15). Absent: the server has no encryption key, and SECRET inputs are refused. */
  readonly seal?: ((text: string) => string) | undefined;
  /** Settings of the server for expressions. */
  readonly rendering?: Pick<RenderEnv, 'zone' | 'locale' | 'recursive'>;
  readonly limits?: Partial<IntakeLimits>;
  /** Told what went wrong where nobody waits for it: a hint that was not sent, files that could not be removed, a condition that failed. */
  readonly onError?: (
    message: string,
    error: unknown,
    about: { readonly flowId?: string; readonly executionId?: string },
  ) => void;
}
