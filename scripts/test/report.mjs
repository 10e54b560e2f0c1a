// Runs parts one after another and reports: a line each, the end of the output of what failed, and the sum as the last line.

/**
 * A part: { name, run }, where run answers { passed, failed, skipped, output?, notes? }. `notes` are said in any case: what
 * was left out and why.
 */
export async function runParts(parts, { keepGoing = true } = {}) {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  const leftOut = [];
  for (const part of parts) {
    const result = await runPart(part);
    for (const key of Object.keys(sum)) sum[key] += result[key];
    leftOut.push(...(result.notes ?? []));
    if (result.failed > 0 && (part.needed || !keepGoing)) break;
  }
  if (leftOut.length > 0) process.stdout.write(`\nLeft out:\n${leftOut.map((note) => `  ${note}\n`).join('')}`);
  process.stdout.write(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped\n`);
  return sum.failed > 0 ? 1 : 0;
}

async function runPart({ name, run }) {
  const began = Date.now();
  process.stdout.write(process.stdout.isTTY ? `${name} …` : '');
  const result = await run().catch((error) => ({ ...outcome(false), output: error.stack ?? String(error) }));
  const seconds = `${((Date.now() - began) / 1000).toFixed(1)} s`;
  if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
  const counts = result.passed + result.failed + result.skipped > 1 ? `: ${countsOf(result)}` : '';
  process.stdout.write(`${markOf(result)} ${name}${counts} (${seconds})\n`);
  if (result.failed > 0) process.stdout.write(`${tail(result.output ?? '', 120)}\n`);
  return result;
}

function markOf({ passed, failed }) {
  if (failed > 0) return '✗';
  return passed > 0 ? '✓' : '-';
}

const countsOf = ({ passed, failed, skipped }) =>
  [`${passed} passed`, failed > 0 && `${failed} failed`, skipped > 0 && `${skipped} skipped`]
    .filter(Boolean)
    .join(', ');

const tail = (text, lines) =>
  text
    .trimEnd()
    .split('\n')
    .slice(-lines)
    .map((line) => `    ${line}`)
    .join('\n');

/** The outcome of a part that is one check. */
export const outcome = (good) => ({ passed: good ? 1 : 0, failed: good ? 0 : 1, skipped: 0 });

/** A part that cannot run here: a failure where everything must run (CI=true), else left out by name. */
export function missing(name, why) {
  if (process.env['CI'] === 'true') return { ...outcome(false), output: `${name} cannot run: ${why}` };
  return { passed: 0, failed: 0, skipped: 1, notes: [`${name}: ${why}`] };
}
