// The parts that run nothing of the product: compiler, linter, unused code, format.
import { at } from '../lib.mjs';
import { runLimited } from './child.mjs';
import { outcome } from './report.mjs';

const bin = (name) => at('node_modules', '.bin', name);

/** A part that is one command: it passes when the command ends with 0. */
const command = (name, seconds, line, options) => ({
  name,
  run: async () => {
    const { code, output } = await runLimited(line, seconds, options);
    return { ...outcome(code === 0), output };
  },
});

export const checks = [
  command('types', 300, [bin('tsc'), '--noEmit', '-p', at('tsconfig.json')]),
  command('lint and import map', 300, [process.execPath, at('scripts', 'lint.mjs')]),
  command('unused code', 300, [bin('knip'), '--no-progress']),
  command('format', 300, [bin('prettier'), '--check', '--log-level', 'warn', '.']),
];
