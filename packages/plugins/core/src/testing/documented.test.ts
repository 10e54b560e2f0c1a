import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8').trim();

test.each(['./word-count.ts', './word-count.test.ts'])(
  'docs/writing-a-plugin.md shows %s as it is compiled and run here',
  (file) => {
    expect(read('../../../../../docs/writing-a-plugin.md')).toContain(`\`\`\`ts\n${read(file)}\n\`\`\``);
  },
);
