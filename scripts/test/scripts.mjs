// Tests that are programs of their own: test/<folder>/run.mjs. One says how it went by its exit code and, when it counts,
// by a last line `N passed, N failed, N skipped`; lines `left out: …` are handed on.
import { existsSync } from 'node:fs';
import { at } from '../lib.mjs';
import { runLimited } from './child.mjs';
import { outcome } from './report.mjs';

/** A part that runs test/<folder>/run.mjs; undefined when there is none. */
export function script(name, folder, seconds, args = []) {
  const file = at('test', folder, 'run.mjs');
  if (!existsSync(file)) return undefined;
  return {
    name,
    run: async () => {
      const { code, output } = await runLimited([process.execPath, file, ...args], seconds);
      return { ...counted(output, code), notes: leftOut(name, output), output };
    },
  };
}

function counted(output, code) {
  const found = /^(\d+) passed, (\d+) failed, (\d+) skipped\s*$/m.exec(output.trimEnd().split('\n').at(-1) ?? '');
  if (found === null) return outcome(code === 0);
  const [passed, failed, skipped] = found.slice(1).map(Number);
  return { passed, failed: failed === 0 && code !== 0 ? 1 : failed, skipped };
}

const leftOut = (name, output) => [...output.matchAll(/^left out: (.*)$/gim)].map(([, what]) => `${name}: ${what}`);
