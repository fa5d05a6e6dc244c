import { setTimeout as wait } from 'node:timers/promises';
import type { Stage } from '../fault-matrix/stage.js';
import { keyIn } from '../rollover/rolling-case.js';
import type { FaultMixture } from './fault-mixture.js';
import { endingOf, interfere, losesLines, type OperatorAct, patiently } from './operator.js';
import { sharedObjects } from './shared-objects.js';
import type { SharingJob, SharingReport } from './sharing-job.js';
import type { SharedObject, SharingTask } from './sharing-judge.js';
import type { SharingWriter } from './sharing-writer.js';

/** Several processes that append to one object, and what befalls them. */
export interface SharingCase {
  readonly lineCount: number;
  readonly chunkSize: number;

  /** Absent without rollover. */
  readonly maxSize?: number | undefined;
  readonly seal: boolean;
  readonly mixture: FaultMixture;

  /** How long one writer is stopped: until the others have gone on, or longer than its request has. */
  readonly stop?: 'short' | 'long' | undefined;

  /** What is done to the object that is appended to, when a part of the lines is there. */
  readonly act?: OperatorAct | undefined;
}

export interface SharingResult {
  readonly objects: readonly SharedObject[];
  readonly reports: readonly SharingReport[];
  readonly task: SharingTask;

  /** Requests that a fault or a cut has met. */
  readonly struck: number;
}

/** Milliseconds. */
const requestTimeout = 2000;

let folders = 0;

export function nameOfSharing({ mixture, maxSize, seal, stop, act }: SharingCase): string {
  return [
    mixture.name,
    ...(maxSize === undefined ? [] : ['rollover']),
    ...(seal ? ['seal'] : []),
    ...(stop === undefined ? [] : [`one stopped (${stop})`]),
    ...(act === undefined ? [] : [`operator: ${act}`]),
  ].join(', ');
}

/** Runs a case. Faults meet every key, so nothing else may use the stage. */
export async function runSharing(
  stage: Stage,
  writers: readonly SharingWriter[],
  sharingCase: SharingCase,
): Promise<SharingResult> {
  const { mixture, maxSize, seal, stop, act, lineCount } = sharingCase;
  const folder = `sharing-${++folders}`;
  const cuts = await setMixture(stage, folder, mixture);
  // Without rollover the seal of the first that ends would end the others.
  const endsTogether = seal && maxSize === undefined;
  const writing = writers.map(async (writer, index) => {
    await writer.write(jobOf(stage, folder, index + 1, sharingCase));
    return endsTogether ? undefined : writer.end();
  });
  const [keptFrom] = await Promise.all([
    act && interfereInTime(stage, folder, writers, { act, lineCount }),
    stop && stopForAWhile(writers, { stop, lineCount }),
    ...writing,
  ]);
  const reports: SharingReport[] = [];
  for (const [index, writer] of writers.entries()) {
    reports.push((await writing[index]) ?? (await writer.end()));
  }
  await stage.emulator.call('clearFaults');
  const struck = cuts.made + (await stage.emulator.call('countFaults', folder));
  const objects = await sharedObjects(stage, folder);
  return { objects, reports, task: taskOf(sharingCase, writers.length, keptFrom), struck };
}

function jobOf(
  stage: Stage,
  folder: string,
  writer: number,
  { lineCount, chunkSize, maxSize, seal }: SharingCase,
): SharingJob {
  return {
    connection: stage.connection,
    key: maxSize === undefined ? keyIn(folder, 0) : `${folder}/{seq}.log`,
    writer,
    lineCount,
    chunkSize,
    maxSize,
    seal,
    requestTimeout,
  };
}

/** What is expected of the writers. */
function taskOf(
  { mixture, maxSize, seal, act, lineCount, chunkSize }: SharingCase,
  writers: number,
  keptFrom: ReadonlyMap<number, number> | undefined,
): SharingTask {
  const hasStrangers = mixture.faults.some(({ kind }) => kind.startsWith('stranger'));
  const ending = act && maxSize === undefined ? endingOf(act) : undefined;
  return {
    lineCount,
    mostBytes: maxSize === undefined ? undefined : maxSize + writers * chunkSize,
    // Who seals must know the end, and strangers do not tell.
    isSealed: seal && !hasStrangers && act === undefined,
    keptFrom: act !== undefined && losesLines(act) ? keptFrom : undefined,
    errors: [
      ...(ending === undefined ? [] : [ending]),
      // An attempt without an answer may still be stored in what comes after.
      ...(act !== undefined && mixture.faults.length > 0
        ? ['APPEND_ERR_DIVERGED', 'APPEND_ERR_UNCONFIRMED', 'APPEND_ERR_CHECKSUM']
        : []),
    ],
  };
}

/** Sets the faults, and counts the connections that are cut. */
async function setMixture(
  stage: Stage,
  folder: string,
  { faults, cuts }: FaultMixture,
): Promise<{ readonly made: number }> {
  for (const fault of faults) await stage.emulator.call('addFault', fault);
  const count = { made: 0 };
  for (const { place, nth } of cuts) {
    stage.relay.add({
      place,
      nth,
      key: folder,
      times: 1,
      act: (connection) => {
        count.made++;
        connection.reset();
      },
    });
  }
  return count;
}

/** Stops the first writer when it has a part of its lines, and continues it behind the others. */
async function stopForAWhile(
  writers: readonly SharingWriter[],
  { stop, lineCount }: { readonly stop: 'short' | 'long'; readonly lineCount: number },
): Promise<void> {
  const [stopped, ...others] = writers as [SharingWriter, ...SharingWriter[]];
  await stopped.reach(lineCount / 5);
  stopped.signal('SIGSTOP');
  await Promise.all([
    ...others.map((other) => other.reach(other.seen + lineCount / 4)),
    stop === 'long' && wait(1.5 * requestTimeout),
  ]);
  stopped.signal('SIGCONT');
}

/**
 * Lets the operator act on the last object when each writer has a part of its lines there.
 *
 * @returns By writer, the number of the first line that was certainly acknowledged later.
 * @throws {Error} If some writer had nothing left to write.
 */
async function interfereInTime(
  stage: Stage,
  folder: string,
  writers: readonly SharingWriter[],
  { act, lineCount }: { readonly act: OperatorAct; readonly lineCount: number },
): Promise<Map<number, number>> {
  await Promise.all(writers.map((writer) => writer.reach(lineCount / 5)));
  const objects = await patiently(() => sharedObjects(stage, folder));
  await interfere(stage, keyIn(folder, objects.length - 1), act);
  const kept = new Map<number, number>();
  for (const [index, writer] of writers.entries()) kept.set(index + 1, await writer.acknowledged());
  if ([...kept.values()].some((count) => count === lineCount)) {
    throw new Error('The operator came too late: a writer had written all its lines');
  }
  return kept;
}
