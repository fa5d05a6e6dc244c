#!/usr/bin/env node
import { exitCode } from './exit-code.js';
import { complain } from './messages.js';
import { runProgram } from './program.js';

// Keep appending when the terminal goes away.
process.stderr.on('error', () => {});

let isOutputLost = false;

// Keep appending when the reader leaves (EPIPE), but report every other failure to write.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE' || isOutputLost) return;
  isOutputLost = true;
  complain(`Cannot write to standard output: ${error.message}.`);
});

// If the event loop empties early, Node exits with 0: report failure instead.
let isFinished = false;
process.on('exit', (code) => {
  const isFailure = !isFinished || isOutputLost;
  if (code === exitCode.success && isFailure) process.exitCode = exitCode.failure;
});

const finish = (code: number) => {
  isFinished = true;
  process.exitCode = code;
};

void runProgram(process.argv.slice(2), finish).then(finish);
