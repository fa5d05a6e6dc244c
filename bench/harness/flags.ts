import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    output: { type: 'string' },
    base: { type: 'string' },
  },
});

/** Whether to check the harness, not the speed. */
export const isQuick = values.quick;

/** Folder for the results; `undefined` if they would be meaningless. */
export const output = values.output ?? (isQuick || values.base ? undefined : 'bench/results');

/** URL of the folder with another build of this library to compare with; ends with a slash. */
export const base = values.base;
