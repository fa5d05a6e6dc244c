// A writer in its own process, so that it shares no state with its judge.
import { serve } from '../../helpers/remote.js';
import { writeWithStream } from './write-with-stream.js';

const functions = { write: writeWithStream };

export type WriterFunctions = typeof functions;

serve(functions);
