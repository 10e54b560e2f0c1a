import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A checkout with the import map of this one, some packages, and files that break it. */
const PACKAGES: Readonly<Record<string, object>> = {
  '.': { name: 'tiercel', devDependencies: { vitest: '1' } },
  'packages/model': { name: '@tiercel/model', exports: { '.': './src/index.ts' } },
  'packages/store': {
    name: '@tiercel/store',
    exports: { '.': './src/index.ts', './simulated': './src/simulated/index.ts' },
  },
  'packages/testkit': { name: '@tiercel/testkit', exports: { '.': './src/index.ts' } },
  'packages/intake': {
    name: '@tiercel/intake',
    exports: { '.': './src/index.ts' },
    dependencies: { '@tiercel/model': '1', '@tiercel/store': '1', handlebars: '1' },
  },
  'services/gateway': {
    name: '@tiercel/gateway',
    exports: { '.': './src/index.ts' },
    dependencies: { '@tiercel/model': '1' },
  },
  'services/worker': {
    name: '@tiercel/worker',
    exports: { '.': './src/index.ts' },
    dependencies: { '@tiercel/gateway': '1' },
  },
};

/** Per file: lines of code, each with what is said about it, or undefined when it is fine. */
const FILES: Readonly<Record<string, readonly (readonly [string, string | undefined])[]>> = {
  'packages/model/src/pure.ts': [
    ["import { readFile } from 'node:fs';", 'pure: no Node module'],
    ["import type { Row } from '@tiercel/store';", 'may not import store'],
    ["import { row } from '../../store/src/row.ts';", 'leaves packages/model'],
    ["import { other } from './other.ts';", undefined],
    ["export const load = () => import('@tiercel/store');", 'may not import store'],
    ['export const now = Date.now();', 'no Date.now'],
    ['export const random = Math.random();', 'no Math.random'],
    ['export const today = new Date();', 'no new Date()'],
    ['export const then = new Date(0);', undefined],
    ['export const pid = process.pid;', 'no process'],
    ['export const own = (process: number) => process;', undefined],
    ['setTimeout(own, 1);', 'no setTimeout'],
    ["export type Foreign = import('@tiercel/store').Row;", 'may not import store'],
    ['void [readFile, row, other];', undefined],
  ],
  'packages/model/src/pure.test.ts': [
    ["import { readFile } from 'node:fs';", undefined],
    ["import { expect } from 'vitest';", undefined],
    ['void [readFile, expect, process.pid];', undefined],
  ],
  'packages/intake/src/doors.ts': [
    ["import type { Row } from '@tiercel/store';", undefined],
    ["import { type Column } from '@tiercel/store';", undefined],
    ["import { row } from '@tiercel/store';", 'only types of store'],
    ["export { two } from '@tiercel/store/src/two.ts';", 'not among the exports'],
    ["import { simulated } from '@tiercel/store/simulated';", 'for tests only'],
    ["import { database } from '@tiercel/testkit';", 'for tests only'],
    ["import Handlebars from 'handlebars';", 'Only packages/messages may use handlebars'],
    ["import pg from 'pg';", 'Only packages/store, packages/queue may use pg'],
    ["import { z } from 'zod';", 'not among the dependencies'],
    ["import { it } from 'vitest';", 'only a development dependency'],
    ["import { join } from 'path';", 'Write node:path'],
    ['void [row, simulated, database, Handlebars, pg, z, it, join];', undefined],
    ['export type Both = Row | Column;', undefined],
  ],
  'services/worker/src/main.ts': [
    ["import { gateway } from '@tiercel/gateway';", 'Services are never imported'],
    ["import { model } from '@tiercel/model';", 'not among the dependencies'],
    ['void [gateway, model];', undefined],
  ],
};

const CONFIG = {
  jsPlugins: [join(root, 'scripts/lint/plugin.mjs')],
  categories: { correctness: 'off' },
  rules: { 'tiercel/import-map': 'error' },
};

let folder = '';
const said = new Map<string, string[]>();

async function put(path: string, text: string): Promise<void> {
  const full = join(folder, path);
  await mkdir(dirname(full), { recursive: true });
  await writeFile(full, text);
}

interface Report {
  readonly diagnostics: readonly {
    readonly message: string;
    readonly filename: string;
    readonly labels: readonly { readonly span: { readonly line: number } }[];
  }[];
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tiercel-lint-'));
  await cp(join(root, 'import-map.json'), join(folder, 'import-map.json'));
  await put('.oxlintrc.json', JSON.stringify(CONFIG));
  for (const [path, manifest] of Object.entries(PACKAGES))
    await put(join(path, 'package.json'), JSON.stringify(manifest));
  for (const [path, lines] of Object.entries(FILES)) await put(path, lines.map(([code]) => code).join('\n'));
  const run = promisify(execFile)(join(root, 'node_modules/.bin/oxlint'), ['-f', 'json'], {
    cwd: folder,
    env: { ...process.env, TIERCEL_LINT_ROOT: folder },
  });
  // Findings make it end with 1.
  const { stdout } = await run.catch((error: { stdout: string }) => error);
  for (const { message, filename, labels } of (JSON.parse(stdout) as Report).diagnostics) {
    const place = `${filename}:${labels[0]?.span.line}`;
    said.set(place, [...(said.get(place) ?? []), message]);
  }
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(Object.entries(FILES))('%s', (path, lines) => {
  it.each(lines.map(([code, expected], index) => ({ code, expected, line: index + 1 })))(
    '$code',
    ({ expected, line }) => {
      const found = said.get(`${path}:${line}`) ?? [];
      if (expected === undefined) expect(found).toEqual([]);
      else expect(found).toEqual([expect.stringContaining(expected)]);
    },
  );
});

it('the import map names only rooms that are there', async () => {
  const { rooms } = JSON.parse(await readFile(join(root, 'import-map.json'), 'utf8')) as {
    rooms: Record<string, { may: string[]; typesOnly?: string[] }>;
  };
  const names = Object.keys(rooms).map((key) => key.slice(key.lastIndexOf('/') + 1));
  for (const { may, typesOnly = [] } of Object.values(rooms)) {
    expect(may.filter((name) => name !== '*' && !names.includes(name))).toEqual([]);
    expect(typesOnly.filter((name) => !may.includes(name))).toEqual([]);
  }
});
