import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Where to write a machine-readable report, if anywhere. */
const report = process.env.TEST_REPORT;

const simulations = 'test/simulation/**/*.test.ts';

/** The files that take longest, longest first: begun last, they would keep one worker alone. */
const slowest = [
  'bench/test/benchmarks.test.ts',
  'test/guarantees/loggers.test.ts',
  'test/guarantees/fault-matrix.test.ts',
  'test/guarantees/shared-log.test.ts',
  'test/guarantees/operators.test.ts',
  'test/guarantees/sharing.test.ts',
  'test/docs-logging.test.ts',
  'test/docs-programs.test.ts',
  'test/documents-types.test.ts',
  'test/docs-command-line.test.ts',
  'test/simulation/simulation.test.ts',
  'test/cli/append.test.ts',
  'test/cli/signals.test.ts',
  'test/soak/soak.test.ts',
  'test/logging/outage.test.ts',
  'test/cli/exit-codes.test.ts',
  'test/cli/objects.test.ts',
  'test/guarantees/failure-table.test.ts',
  'test/cli/replay.test.ts',
  'test/logging-examples.test.ts',
];

class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const index = slowest.findIndex((path) => moduleId.endsWith(path));
      return index === -1 ? slowest.length : index;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  resolve: {
    alias: [
      { find: /^oss-append-stream\/emulator$/, replacement: source('emulator/index.ts') },
      { find: /^oss-append-stream\/pino$/, replacement: source('pino.ts') },
      { find: /^oss-append-stream\/winston$/, replacement: source('winston.ts') },
      { find: /^oss-append-stream$/, replacement: source('index.ts') },
    ],
  },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'library',
          include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
          exclude: [simulations],
        },
      },
      {
        extends: true,
        // They need what bench/prepare.js installs.
        test: { name: 'bench', include: ['bench/test/**/*.test.ts'] },
      },
      {
        extends: true,
        // They stand in for the timers of a whole process, which must hold nothing of other tests.
        test: { name: 'simulation', include: [simulations], isolate: true },
      },
    ],
    setupFiles: ['test/helpers/untouched-globals.ts'],
    // Most of them wait for something most of the time.
    maxWorkers: Math.ceil(1.5 * availableParallelism()),
    // Those that run at once start processes, which would leave the others little of the processors.
    maxConcurrency: 5,
    sequence: { sequencer: SlowestFirst },
    // Loading everything anew for each file takes longer than the tests of most.
    isolate: false,
    testTimeout: 60_000,
    // Processes take their time to start.
    expect: { poll: { timeout: 10_000 } },
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
  },
});

function source(path: string): string {
  return fileURLToPath(new URL(`./src/${path}`, import.meta.url));
}
