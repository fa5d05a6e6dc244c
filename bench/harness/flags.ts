import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    output: { type: 'string' },
    base: { type: 'string' },
  },
});

/** Checks the harness, not the speed. */
export const isQuick = values.quick;

/** Folder for the results; none where they would say nothing. */
export const output = values.output ?? (isQuick || values.base ? undefined : 'bench/results');

/** URL of the folder with another build of this library to compare with; ends with a slash. */
export const base = values.base;
