import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Where to write a machine-readable report, if anywhere. */
const report = process.env.TEST_REPORT;

export default defineConfig({
  resolve: {
    alias: [
      { find: /^oss-append-stream\/emulator$/, replacement: source('emulator/index.ts') },
      { find: /^oss-append-stream$/, replacement: source('index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
    // Most of them wait for something most of the time.
    maxWorkers: '100%',
    maxConcurrency: 20,
    testTimeout: 60_000,
    // Processes take their time to start.
    expect: { poll: { timeout: 10_000 } },
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
  },
});

function source(path: string): string {
  return fileURLToPath(new URL(`./src/${path}`, import.meta.url));
}
