import type { RelayedConnection } from '../../helpers/cutting-relay.js';
import { chunkCount, chunkNumber, type FaultCase, strikes } from './fault-case.js';
import type { Job, Report } from './job.js';
import type { Stage } from './stage.js';

/** The outcome of a case: the writer's report, and the object. */
export interface CaseResult<Told = Report> {
  readonly job: Job;
  readonly report: Told;
  readonly object: Buffer | undefined;
}

let cases = 0;

/** Sets the faults of a case and runs a writer. */
export async function runCase<Told = Report>(
  stage: Stage,
  faultCase: FaultCase,
  { write, chunkSize }: { write(job: Job): Promise<Told>; readonly chunkSize: number },
): Promise<CaseResult<Told>> {
  const { trouble, place, repetition } = faultCase;
  const { append, head, cut } = trouble;
  const key = `case-${++cases}.bin`;
  const nth = chunkNumber[place];
  const times = strikes[repetition];
  if (append !== undefined) {
    await stage.emulator.call('addFault', { ...append, operation: 'append', key, nth, times });
  }
  if (head !== undefined) {
    // The first HEAD opens the stream.
    await stage.emulator.call('addFault', { ...head, operation: 'head', key, nth: 2, times });
  }
  if (cut !== undefined) {
    const act = (connection: RelayedConnection) => {
      if (cut.how !== 'kill') return connection[cut.how]();
      stage.restart().catch(() => {}); // `stage.read()` rejects.
    };
    stage.relay.add({ place: cut.place, key, nth, times, act });
  }

  const patience = repetition === 'without end' ? 2 : 8;
  const isKilled = cut?.how === 'kill';
  const job: Job = {
    connection: stage.connection,
    key,
    chunkSize,
    byteLength: chunkCount * chunkSize,
    ...(isKilled ? { retries: 100, backoff: 50 } : { retries: patience, backoff: 10 }),
    requestTimeout: trouble.requestTimeout ?? 10_000,
  };
  const report = await write(job);
  return { job, report, object: await stage.read(key) };
}
