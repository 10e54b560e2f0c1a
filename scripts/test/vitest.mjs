// Vitest over some folders, counted through its JSON report.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { at } from '../lib.mjs';
import { runLimited } from './child.mjs';
import { outcome } from './report.mjs';

/** A part that runs the tests below `folders`. */
export const vitest = (name, folders, seconds) => ({
  name,
  run: async () => {
    const scratch = mkdtempSync(join(tmpdir(), 'tiercel-vitest-'));
    const report = join(scratch, 'report.json');
    try {
      const { code, output } = await runLimited(
        [
          process.execPath,
          at('node_modules', 'vitest', 'vitest.mjs'),
          'run',
          ...folders,
          '--reporter=default',
          '--reporter=json',
          `--outputFile.json=${report}`,
        ],
        seconds,
        { env: { NO_COLOR: '1' } },
      );
      return { ...countsOf(name, report, code), output: failuresOf(output) };
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  },
});

function countsOf(name, report, code) {
  if (!existsSync(report)) return outcome(code === 0);
  const { numPassedTests, numFailedTests, testResults, numPendingTests, numTodoTests } = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  // A file that could not even be loaded has no tests to count.
  const broken = testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every(({ status }) => status !== 'failed'),
  );
  const failed = numFailedTests + broken.length;
  const skipped = testResults.flatMap((file) =>
    file.assertionResults.filter(({ status }) => !['passed', 'failed'].includes(status)),
  );
  return {
    passed: numPassedTests,
    // Vitest also fails on what no test is to blame for, such as an unhandled rejection.
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: numPendingTests + numTodoTests,
    notes: skipped.length > 0 ? [`${name}: ${summary(skipped.map(({ fullName }) => fullName))}`] : [],
  };
}

const summary = (names) =>
  names.length > 6 ? `${names.slice(0, 5).join('; ')}; and ${names.length - 5} more` : names.join('; ');

/** The part of vitest's output that is about failures. */
function failuresOf(output) {
  const start = output.search(/^.*Failed (Suites|Tests) \d/m);
  return (start < 0 ? output : output.slice(start)).slice(0, 20_000);
}
