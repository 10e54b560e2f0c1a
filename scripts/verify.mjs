// npm run verify: what can be checked without running the product. `npm test` does this first.
import { checks } from './test/checks.mjs';
import { runParts } from './test/report.mjs';

process.exitCode = await runParts(checks);
