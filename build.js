// Builds the package: one file for each entry, and one for each set of modules that several entries
// share, so that a process has every module once. Names stay as they are written, for stack traces.
// TypeScript adds the types (`npm run build`).
import { rmSync } from 'node:fs';
import { build } from 'rolldown';

rmSync('dist', { recursive: true, force: true });
await build({
  input: {
    index: 'src/index.ts',
    pino: 'src/pino.ts',
    winston: 'src/winston.ts',
    'emulator/index': 'src/emulator/index.ts',
    'cli/main': 'src/cli/main.ts',
  },
  external: /^[^./]/,
  platform: 'node',
  tsconfig: false,
  transform: { target: 'node20.19' },
  output: {
    dir: 'dist',
    format: 'esm',
    chunkFileNames: 'shared/[name].js',
    minifyInternalExports: false,
    // The soak test asks this one how much memory waits to be used again.
    codeSplitting: { groups: [{ name: 'slab-pool', test: /buffer.slab-pool/ }] },
  },
});
