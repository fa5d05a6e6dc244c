// A process that writes what it is told to, so that whoever judges it shares nothing with it.
import { serve } from '../../helpers/remote.js';
import { writeWithStream } from './write-with-stream.js';

const functions = { write: writeWithStream };

export type WriterFunctions = typeof functions;

serve(functions);
