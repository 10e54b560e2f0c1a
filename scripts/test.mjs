// npm test [-- part …]: everything that this checkout can check on this machine. In a fresh clone it installs and builds
// first. Parts by name: types lint unused format unit simulator e2e clients chaos distributed conformance. The last line is the sum. With CI=true
// what cannot run is a failure instead of being left out.
import { existsSync, readdirSync } from 'node:fs';
import { at, checkNode } from './lib.mjs';
import { checks } from './test/checks.mjs';
import { conformance, has } from './test/conformance.mjs';
import { missing, runParts } from './test/report.mjs';
import { script } from './test/scripts.mjs';
import { vitest } from './test/vitest.mjs';

checkNode();

const { install, build } = await import('./setup.mjs');
await install();
await build();

/** Folders below test/ with tests for vitest that need the whole product; the others are quick. */
const WHOLE = ['e2e', 'clients', 'chaos', 'distributed'];
/** Longer than other folders may take, s. */
const LIMITS = { distributed: 600 };

/** Programs that some tests call; a machine without one leaves those tests out, and we say so. */
const programs = ['python3', 'curl', 'bash']
  .filter((name) => !has(name))
  .map((name) => ({
    name: `what calls ${name}`,
    run: async () => missing(`what calls ${name}`, `${name} is not installed`),
  }));

/** A part that is left out, with the reason, where the program is missing that its folder cannot do without. */
function needing(folder, part) {
  if (folder !== 'distributed' || has('redis-server')) return part;
  const why = 'redis-server is not installed (Debian: apt-get install redis-server)';
  return { ...part, run: async () => missing(part.name, why) };
}

/** Whether a folder of test/ has tests for vitest. */
function hasVitest(...path) {
  if (!existsSync(at('test', ...path))) return false;
  return readdirSync(at('test', ...path), { withFileTypes: true }).some((entry) =>
    entry.isDirectory() ? hasVitest(...path, entry.name) : entry.name.endsWith('.test.ts'),
  );
}

/** The folders of test/. */
const testFolders = () =>
  readdirSync(at('test'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
    .map(({ name }) => name);

function parts() {
  const quick = testFolders().filter((folder) => !WHOLE.includes(folder) && hasVitest(folder));
  const unitFolders = ['packages/', 'services/', ...quick.map((folder) => `test/${folder}/`)];
  return [
    ...checks,
    vitest('unit tests', unitFolders, 600),
    script('simulator', 'simulator', 180, ['--seeds', '1000']),
    ...WHOLE.flatMap((folder) => [
      hasVitest(folder)
        ? needing(folder, vitest(`${folder} tests`, [`test/${folder}/`], LIMITS[folder] ?? 300))
        : undefined,
      script(`${folder} script`, folder, 300),
    ]),
    conformance('conformance'),
  ].filter((part) => part !== undefined);
}

const wanted = process.argv.slice(2);
const selected = parts().filter(({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word)));
process.exitCode = await runParts([...(wanted.length === 0 ? programs : []), ...selected]);
