import type { FlowRef, Label } from '@tiercel/model';
import type { Page, PageOf, Sort } from './execution-queries.ts';

/**
 * A revision of a flow as stored: what the user wrote, byte for byte, and what is needed to find it. It is parsed by
 * who uses it. `sequence` grows with every write of any flow, so that caches can ask what is new.
 */
export interface StoredFlow {
  readonly tenant: string;
  readonly namespace: string;
  readonly id: string;
  readonly revision: number;
  readonly source: string;
  readonly disabled: boolean;
  readonly deleted: boolean;
  readonly description?: string;
  readonly labels: readonly Label[];
  /** ms since 1970. */
  readonly updatedAt: number;
  readonly sequence: number;
}

export type FlowWrite = Pick<
  StoredFlow,
  'tenant' | 'namespace' | 'id' | 'source' | 'disabled' | 'description' | 'labels'
>;

export interface FlowFilter {
  readonly tenant: string;
  readonly q?: string;
  /** This namespace or one below it. */
  readonly namespace?: string;
  readonly labels?: readonly Label[];
  readonly scope?: readonly ('USER' | 'SYSTEM')[];
  readonly systemNamespace?: string;
}

/** Where sources are searched. */
export interface SourceFilter {
  readonly tenant: string;
  /** Every word of it must occur in the source, case ignored. */
  readonly q?: string;
  /** This namespace or one below it. */
  readonly namespace?: string;
}

/** Writes of flows that happen together or not at all. No flow is in it twice. */
export interface FlowBatch {
  readonly tenant: string;
  /** Created or updated. `from`: the revision that the new source was made from; another one meanwhile makes the batch stale. */
  readonly writes: readonly (Omit<FlowWrite, 'tenant'> & { readonly from?: number })[];
  /** One that is not there makes the batch stale. */
  readonly deletes: readonly Omit<FlowRef, 'tenant'>[];
  /** Deletes all living flows that are not written: those of exactly this namespace, or `'all'`. */
  readonly deleteOthers?: 'all' | { readonly namespace: string };
}

/** `stale`: a flow is not as the batch supposes, and nothing was written. */
export type FlowBatchOutcome =
  | { readonly kind: 'stale'; readonly flow: FlowRef }
  | {
      readonly kind: 'written';
      /** Last revisions of what was deleted, by namespace and id. */
      readonly deleted: readonly StoredFlow[];
      /** What stands there now, in the order of the writes; `changed`: those that got a new revision. */
      readonly written: readonly StoredFlow[];
      readonly changed: readonly StoredFlow[];
    };

/** Flows and their revisions. */
export interface FlowStore {
  /** First revision, or the next one after a deleted flow. 'exists' when a living flow has that id. */
  create(write: FlowWrite): Promise<StoredFlow | 'exists'>;
  /** Next revision; the same source (without a `revision:` line) keeps the present one. 'absent' when there is no living flow. */
  update(write: FlowWrite): Promise<StoredFlow | 'absent'>;
  /** A revision, or the latest. Deleted flows only with `allowDeleted` (a named revision is always readable). */
  get(
    tenant: string,
    namespace: string,
    id: string,
    options?: { revision?: number; allowDeleted?: boolean },
  ): Promise<StoredFlow | undefined>;
  revisions(tenant: string, namespace: string, id: string): Promise<readonly StoredFlow[]>;
  /** Writes one more revision, marked deleted. Undefined when there was no living flow. */
  delete(tenant: string, namespace: string, id: string): Promise<StoredFlow | undefined>;
  /** Writes many flows in one transaction: all or nothing. */
  writeAll(batch: FlowBatch): Promise<FlowBatchOutcome>;
  /** Latest revisions of living flows. Sort keys `id`, `namespace`. */
  search(filter: FlowFilter, page: Page, sort: readonly Sort[]): Promise<PageOf<StoredFlow>>;
  /** The same, by words in their sources. Given up when it takes too long (StoreError `too-slow`). */
  searchSources(filter: SourceFilter, page: Page, sort: readonly Sort[]): Promise<PageOf<StoredFlow>>;
  /** Latest revisions of living flows of exactly this namespace, by id; without a namespace, of all. */
  list(tenant: string, namespace?: string): Promise<readonly StoredFlow[]>;
  namespaces(tenant: string, prefix?: string): Promise<readonly string[]>;
  /** Which flows were written after `sequence`, oldest first. */
  changedSince(sequence: number, limit: number): Promise<readonly StoredFlow[]>;
}
