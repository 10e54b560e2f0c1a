// npm run lint [-- --fix | paths]: the linter with its type-aware rules and the import map (.oxlintrc.json, scripts/lint).
import { at, run } from './lib.mjs';

process.exitCode = await run([
  at('node_modules', '.bin', 'oxlint'),
  '--report-unused-disable-directives',
  ...process.argv.slice(2),
]);
