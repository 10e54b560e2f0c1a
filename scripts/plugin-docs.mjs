// node scripts/plugin-docs.mjs: writes docs/plugins, a page for each plugin type that comes with Tiercel, from what the types say of
// themselves. With --check nothing is written: a test fails when a page is out of date.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { at } from './lib.mjs';

const FOLDER = at('docs', 'plugins');

/** The plugin packages, and what makes pages of them. Bundled when it is asked for: Node.js 20 cannot read TypeScript. */
async function load() {
  const { build } = await import('esbuild');
  const outfile = at('dist', 'tools', 'plugin-docs.mjs');
  await build({
    stdin: {
      contents: `export { packages as core } from '@tiercel/plugin-core';
export { packages as scripts } from '@tiercel/plugin-scripts';
export { markdownOf, pluginSchema } from '@tiercel/plugin-kit';`,
      resolveDir: at('packages', 'platform'),
    },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
    banner: { js: "import { createRequire as $r } from 'node:module'; const require = $r(import.meta.url);" },
  });
  return import(pathToFileURL(outfile).href);
}

/** `core.log.Log.md` for `io.kestra.plugin.core.log.Log`. */
const fileOf = (type) => `${type.replace(/^io\.kestra\.plugin\./, '')}.md`;

const NOTE = '<!-- Made by scripts/plugin-docs.mjs from the definition of the type; changes here are lost. -->\n\n';

/** All pages by their file names. */
async function pages() {
  const { core, scripts, markdownOf, pluginSchema } = await load();
  const packages = [...core, ...scripts];
  const made = new Map([['README.md', indexOf(packages)]]);
  for (const { definitions } of packages) {
    for (const definition of definitions) {
      const { type, aliases } = definition;
      made.set(fileOf(type), NOTE + markdownOf({ type, aliases, schema: pluginSchema(definition) }));
    }
  }
  return made;
}

/** @type {readonly (readonly [string, readonly string[]])[]} */
const KINDS = [
  ['Tasks', ['task', 'flowable']],
  ['Triggers', ['trigger']],
  ['Conditions', ['condition']],
  ['Task runners', ['task-runner']],
];

function indexOf(packages) {
  const all = packages.flatMap(({ definitions }) => definitions).toSorted((a, b) => (a.type < b.type ? -1 : 1));
  const parts = KINDS.flatMap(([heading, kinds]) => {
    const lines = all.filter(({ kind }) => kinds.includes(kind)).map(lineOf);
    return lines.length === 0 ? [] : [`## ${heading}\n\n${lines.join('\n')}\n`];
  });
  return `${NOTE}# Plugins\n
Every type that comes with Tiercel. What all tasks have beside their own properties: \`id\`, \`type\`, \`description\`, \`disabled\`,
\`runIf\`, \`timeout\`, \`retry\`, \`allowFailure\`, \`allowWarning\`, \`logLevel\`, \`workerGroup\`. A server tells the same of all its types,
also those from outside: \`GET /api/v1/plugins\`. To add one: [writing a plugin](../writing-a-plugin.md).\n
${parts.join('\n')}`;
}

const lineOf = ({ type, title, deprecated }) =>
  `- [\`${type}\`](${fileOf(type)})${deprecated === true ? ' (deprecated)' : ''}: ${title}`;

/** What is in the folder, by file name. */
const written = () =>
  new Map(
    readdirSync(FOLDER)
      .filter((name) => name.endsWith('.md'))
      .map((name) => [name, readFileSync(join(FOLDER, name), 'utf8')]),
  );

mkdirSync(FOLDER, { recursive: true });
const made = await pages();
const present = written();
const old = [...present.keys()].filter((name) => !made.has(name));
const changed = [...made.keys()].filter((name) => present.get(name) !== made.get(name));
if (process.argv.includes('--check')) {
  const stale = [...changed, ...old];
  for (const name of stale) process.stdout.write(`docs/plugins/${name} is out of date\n`);
  if (stale.length > 0) process.exitCode = 1;
} else {
  for (const name of old) rmSync(join(FOLDER, name));
  for (const name of changed) writeFileSync(join(FOLDER, name), made.get(name));
  process.stdout.write(`${made.size} pages in docs/plugins, ${changed.length + old.length} of them changed\n`);
}
