import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { parseFlow, type CachedFlow } from '@tiercel/flow-source';
import { slugify, type Execution } from '@tiercel/model';
import { definitions } from '@tiercel/plugin-core';
import { createRegistry, defineTask } from '@tiercel/plugin-kit';
import type { CreateOutcome, NewExecution } from '@tiercel/store';
import { z } from 'zod';
import type { IntakeDeps } from '../deps.ts';
import { createIntake, type Intake } from '../intake.ts';

export const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

const registry = createRegistry([
  defineTask({
    type: 'io.kestra.plugin.core.debug.Return',
    title: 'Return',
    lane: 'inline',
    properties: z.object({ format: z.string().optional() }),
    run: () => Promise.resolve(undefined),
  }),
  ...definitions.filter(({ kind }) => kind === 'trigger' || kind === 'condition'),
]);

/** A flow of namespace `company.team` with one task. */
export const flowSource = (id: string, extra = ''): string =>
  `id: ${id}\nnamespace: company.team\ntasks:\n  - id: t\n    type: io.kestra.plugin.core.debug.Return\n${extra}`;

export interface Bench {
  readonly intake: Intake;
  readonly rows: NewExecution[];
  readonly hinted: Execution[];
  readonly files: Map<string, string>;
  readonly errors: string[];
  /** Adds a revision of a flow. */
  save(source: string): void;
  /** What the store throws next, in turn. */
  readonly failures: Error[];
}

/** Intake over small fakes of its ports. */
export function bench(overrides: Partial<IntakeDeps> = {}): Bench {
  const revisions = new Map<string, CachedFlow[]>();
  const rows: NewExecution[] = [];
  const hinted: Execution[] = [];
  const files = new Map<string, string>();
  const errors: string[] = [];
  const failures: Error[] = [];

  const find = (namespace: string, id: string, revision?: number): CachedFlow | undefined => {
    const all = revisions.get(`${namespace}/${id}`) ?? [];
    return revision === undefined ? all.at(-1) : all.find(({ stored }) => stored.revision === revision);
  };
  const createOne = (row: NewExecution): CreateOutcome => {
    const same = rows.find(
      ({ execution, delivery }) =>
        execution.id === row.execution.id || (delivery !== undefined && delivery.key === row.delivery?.key),
    );
    if (same !== undefined) return { kind: 'exists', executionId: same.execution.id };
    rows.push(row);
    return { kind: 'created' };
  };
  const root = (place: { namespace: string; flowId: string; executionId: string }): string =>
    `/${place.namespace.replaceAll('.', '/')}/${slugify(place.flowId)}/executions/${place.executionId}`;

  const intake = createIntake({
    store: {
      create: async (batch) => {
        const failure = failures.shift();
        if (failure !== undefined) throw failure;
        return batch.map(createOne);
      },
    },
    flows: {
      peek: () => undefined,
      get: async (_tenant, namespace, id, revision) => find(namespace, id, revision),
    },
    storage: {
      put: async (tenant, path, content) => {
        const bytes = await buffer(content as Readable);
        files.set(`${tenant}${path}`, bytes.toString('utf8'));
        return bytes.length;
      },
      delete: async (tenant, path) => {
        const below = [...files.keys()].filter((key) => key.startsWith(`${tenant}${path}/`));
        for (const key of below) files.delete(key);
        return below.length > 0;
      },
    },
    layout: {
      executionRoot: root,
      inputFile: (place, inputId, name) => `${root(place)}/inputs/${inputId}/${name}`,
      toUri: (path) => `kestra://${path}`,
      fromUri: (uri) => {
        if (!uri.startsWith('kestra:///') || uri.includes('..')) throw new Error('no address');
        return uri.slice('kestra://'.length);
      },
      safeFileName: (name) => name.replace(/[^\w.-]/g, '_'),
    },
    hint: (execution) => hinted.push(execution),
    now: () => NOW,
    onError: (message, error) => errors.push(`${message}: ${(error as Error).message}`),
    ...overrides,
  });

  return {
    intake,
    rows,
    hinted,
    files,
    errors,
    failures,
    save(source) {
      const { flow, problems, identity } = parseFlow(source, { registry, tenant: 'main' });
      const key = `${identity.namespace}/${identity.id}`;
      const all = revisions.get(key) ?? [];
      const revision = all.length + 1;
      const stored = {
        tenant: 'main',
        namespace: identity.namespace ?? '',
        id: identity.id ?? '',
        revision,
        source,
        disabled: flow?.disabled ?? false,
        deleted: false,
        labels: [],
        updatedAt: NOW,
        sequence: revision,
      };
      revisions.set(key, [
        ...all,
        flow === undefined ? { stored, problems } : { stored, problems, flow: { ...flow, revision } },
      ]);
    },
  };
}
