import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type IoResult, type RenderEnv, renderText } from './index.ts';

interface Case {
  readonly name: string;
  readonly vars?: Record<string, unknown>;
  readonly template: string;
  readonly expect?: string;
  readonly expectMatches?: string;
  readonly expectJson?: unknown;
  readonly error?: boolean;
  readonly skip?: string;
}

const FOLDER = fileURLToPath(new URL('../../../../shared/conformance/cases/', import.meta.url));
const GROUPS = ['language', 'filters', 'functions'] as const;

/** A host that knows no key, no secret and no file. */
function emptyHost(key: string): IoResult {
  if (key.startsWith('kv(')) return { value: null };
  return { error: `nothing there: ${key}` };
}

function environment(): RenderEnv {
  let seed = 42;
  const random = (): number => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed / 2147483648;
  };
  return {
    now: () => Date.UTC(2025, 0, 31, 10, 20, 30, 123),
    random,
    randomBytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(random() * 256)),
    memo: { get: emptyHost },
  };
}

/** The variables of a Return task `r`, as an engine gives them. */
function variables(vars: Record<string, unknown> | undefined): Record<string, unknown> {
  const id = '5Yq0bBkcfd1VuVxVQ1WkTj';
  const startDate = '2025-01-31T10:20:30.123Z';
  return {
    flow: { id: 'expressions', namespace: 'io.kestra.tests.x', revision: 1 },
    execution: { id, startDate, originalId: id },
    task: { id: 'r', type: 'io.kestra.plugin.core.debug.Return' },
    taskrun: { id, startDate, attemptsCount: 0 },
    parents: [],
    outputs: {},
    tasks: { r: { state: 'RUNNING' } },
    labels: { system: { correlationId: id } },
    globals: {},
    envs: {},
    ...(vars === undefined || Object.keys(vars).length === 0 ? { vars: {} } : { vars }),
  };
}

describe('sample cases of the conformance suite', () => {
  for (const group of GROUPS) {
    const file = `${FOLDER}expressions-${group}.json`;
    if (!existsSync(file)) {
      test(`${group}: the folder of the cases is not there`, ({ skip }) => skip());
      continue;
    }
    const cases = JSON.parse(readFileSync(file, 'utf8')) as Case[];
    describe(group, () => {
      for (const sample of cases) {
        const run = sample.skip === undefined ? test : test.skip;
        run(sample.name, () => {
          const render = (): string => renderText(sample.template, variables(sample.vars), environment());
          if (sample.error === true) {
            expect(render).toThrow();
            return;
          }
          const result = render();
          if (sample.expect !== undefined) expect(result).toBe(sample.expect);
          if (sample.expectMatches !== undefined) expect(result).toMatch(new RegExp(sample.expectMatches));
          if (sample.expectJson !== undefined) expect(JSON.parse(result)).toEqual(sample.expectJson);
        });
      }
    });
  }
});
