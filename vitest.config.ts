import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/**/*.test.ts', 'services/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'dist/**'],
    // Processes: tests start children and send signals. By itself vitest would leave a core unused, half of a small machine.
    pool: 'forks',
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Half of the time went into loading the same modules for each file anew; so no file may leave anything behind in them.
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
