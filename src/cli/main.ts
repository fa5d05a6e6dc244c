#!/usr/bin/env node
import { exitCode } from './exit-code.js';
import { complain } from './messages.js';
import { runProgram } from './program.js';

// A terminal that goes away is no reason to lose bytes.
process.stderr.on('error', () => {});

let isOutputLost = false;

// Nor is a reader that leaves. But what it should have got, and did not for another reason, is told.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE' || isOutputLost) return;
  isOutputLost = true;
  complain(`Cannot write to standard output: ${error.message}.`);
});

// Nothing may be left to wait for although the end was not reached.
let isFinished = false;
process.on('exit', (code) => {
  const isFailure = !isFinished || isOutputLost;
  if (code === exitCode.success && isFailure) process.exitCode = exitCode.failure;
});

void runProgram(process.argv.slice(2)).then((code) => {
  isFinished = true;
  process.exitCode = code;
});
