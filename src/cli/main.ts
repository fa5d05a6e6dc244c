#!/usr/bin/env node
import { exitCode } from './exit-code.js';
import { runProgram } from './program.js';

// A reader that leaves, or a terminal that goes away, is no reason to lose bytes.
for (const output of [process.stdout, process.stderr]) output.on('error', () => {});

// What stands if nothing is left to wait for before the end was reached.
process.exitCode = exitCode.failure;
void runProgram(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
