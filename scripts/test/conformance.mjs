// The conformance suite, where a checkout of it lies beside this one (or where TIERCEL_CONFORMANCE says): the server is
// started, the suite runs, and what fails is compared with test/conformance/known-failures.txt, which may only shrink.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { at } from '../lib.mjs';
import { runLimited } from './child.mjs';
import { startServer } from './server.mjs';

const LIMIT_SECONDS = 420;
const KNOWN = at('test', 'conformance', 'known-failures.txt');

const folder = () => process.env['TIERCEL_CONFORMANCE'] ?? at('..', 'shared', 'conformance');

/** The part; where the suite is not there it only says so. */
export function conformance(name) {
  const suite = join(folder(), 'run.mjs');
  const absent = { passed: 0, failed: 0, skipped: 0, notes: [`${name}: no suite lies beside this checkout`] };
  return { name, run: async () => (existsSync(suite) ? runSuite(suite) : absent) };
}

const known = () =>
  existsSync(KNOWN)
    ? readFileSync(KNOWN, 'utf8')
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
    : [];

async function runSuite(suite) {
  const scratch = mkdtempSync(join(tmpdir(), 'tiercel-conformance-'));
  const report = join(scratch, 'report.json');
  const server = await startServer();
  try {
    const without = has('python3') ? [] : ['--without', 'python'];
    const { output } = await runLimited(
      [process.execPath, suite, '--url', server.url, '--jobs', '8', '--json', report, ...without],
      LIMIT_SECONDS,
    );
    if (!existsSync(report))
      return { passed: 0, failed: 1, skipped: 0, output: `${output}\n${server.output().slice(-4000)}` };
    return compare(JSON.parse(readFileSync(report, 'utf8')), new Set(known()), without.length > 0);
  } finally {
    await server.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** A listed case may fail; one that passes must leave the list, so that it cannot fail unseen later. */
function compare(results, listed, withoutPython) {
  const keyOf = ({ file, name }) => `${file}\t${name}`;
  const of = (status) => results.filter((one) => one.status === status);
  const unexpected = of('failed').filter((one) => !listed.has(keyOf(one)));
  const passing = of('passed').filter((one) => listed.has(keyOf(one)));
  const expected = of('failed').length - unexpected.length;
  const notes = [];
  if (expected > 0)
    notes.push(`conformance: ${expected} cases that are known to fail (test/conformance/known-failures.txt)`);
  if (withoutPython) notes.push('conformance: the cases that need python3, which is not installed');
  const lines = [
    ...unexpected.map((one) => `FAIL ${keyOf(one)}: ${String(one.reason).replaceAll(/\s+/g, ' ').slice(0, 300)}`),
    ...passing.map((one) => `passes, so take it off known-failures.txt: ${keyOf(one)}`),
  ];
  const stale = process.env['CI'] === 'true' ? passing.length : 0;
  if (stale === 0) notes.push(...passing.map((one) => `take off known-failures.txt, since it passes: ${keyOf(one)}`));
  return {
    passed: of('passed').length - stale,
    failed: unexpected.length + stale,
    skipped: of('skipped').length + expected,
    notes,
    output: lines.join('\n'),
  };
}

/** Whether a program is installed. */
export function has(program) {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false; // `command -v` fails for what is not there: that is the answer.
  }
}
