import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/plugin-docs.mjs', import.meta.url));

test('the pages of docs/plugins are those of the types (node scripts/plugin-docs.mjs)', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [script, '--check']).catch(
    (error: { readonly stdout: string }) => error,
  );
  expect(stdout).toBe('');
});
