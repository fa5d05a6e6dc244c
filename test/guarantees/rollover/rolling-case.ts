import { OssClient } from 'oss-append-stream';
import type { RelayedConnection } from '../../helpers/cutting-relay.js';
import type { Stage } from '../fault-matrix/stage.js';
import type { RollingJob, RollingReport } from './rolling-job.js';
import {
  type RollingPlace,
  type RollingTrouble,
  type RollingVariant,
  rollingPlaces,
  rollingTroubles,
  rollingVariants,
} from './rolling-trouble.js';

/** One trouble at one place of one kind of stream. */
export interface RollingCase {
  readonly trouble: RollingTrouble;
  readonly place: RollingPlace;
  readonly variant: RollingVariant;

  /** How often in a row. */
  readonly times: 1 | 3;
}

/** An object after the stream. */
export interface FoundObject {
  readonly key: string;
  readonly bytes: Buffer;
  readonly sealed: boolean;

  /** Whether it is of the type of the stream's objects. */
  readonly appendable: boolean;
}

export interface RollingResult {
  readonly job: RollingJob;
  readonly report: RollingReport;

  /** By their sequence. */
  readonly objects: readonly FoundObject[];

  /** Requests that a fault or a cut has met. */
  readonly struck: number;
}

const allPlaces = Object.keys(rollingPlaces) as RollingPlace[];

/** Every case of a trouble, as far as the combination means something. */
export function rollingCasesOf(trouble: RollingTrouble): RollingCase[] {
  const isOfSeal = trouble.faults.some(({ operation }) => operation === 'seal');
  const hasPlace = trouble.strangers === undefined && !isOfSeal;
  const places = hasPlace ? allPlaces : allPlaces.slice(1, 2);
  const variants = rollingVariants.filter(({ seal }) => seal || !isOfSeal);
  const often = trouble.repeats ? ([1, 3] as const) : ([1] as const);
  return places.flatMap((place) =>
    variants.flatMap((variant) => often.map((times) => ({ trouble, place, variant, times }))),
  );
}

/** Each trouble at two of its places, with other places and another kind of stream each time. */
export function fewRollingCases(): RollingCase[] {
  return rollingTroubles.flatMap((trouble, index) => {
    const all = rollingCasesOf(trouble).filter(({ times }) => times === 1);
    const places = [...new Set(all.map(({ place }) => place))];
    const chosen = places.filter((_, number) => (number + index) % 2 === 0 || places.length === 1);
    return chosen.flatMap((place, number) => {
      const here = all.filter((it) => it.place === place);
      return here.slice((2 * index + number) % here.length).slice(0, 1);
    });
  });
}

export function nameOfRolling({ trouble, place, variant, times }: RollingCase): string {
  const often = times === 1 ? '' : ', three in a row';
  return `${trouble.name}, ${place}${often} (${variant.name})`;
}

/** Enough for four objects. */
const lineCount = 30;
const sizes = { chunkSize: 256, maxSize: 640 };

let cases = 0;

/** Sets the faults of a case, and runs a writer. */
export async function runRolling(
  stage: Stage,
  rollingCase: RollingCase,
  write: (job: RollingJob) => Promise<RollingReport>,
): Promise<RollingResult> {
  const { trouble, place, variant, times } = rollingCase;
  const folder = `rolling-${++cases}`;
  const { object, nth } = rollingPlaces[place];
  const key = keyIn(folder, object);
  let struck = 0;
  for (const { operation, ...fault } of trouble.faults) {
    // The first HEAD of the first object opens the stream.
    const first = { append: nth, head: object === 0 ? 2 : 1, seal: 1 }[operation];
    await stage.emulator.call('addFault', { ...fault, operation, key, nth: first, times });
  }
  if (trouble.cut !== undefined) {
    const { place: cutPlace, how } = trouble.cut;
    const act = (connection: RelayedConnection) => {
      struck++;
      connection[how]();
    };
    stage.relay.add({ place: cutPlace, key, nth, times, act });
  }
  if (trouble.strangers !== undefined) await makeStrangers(stage, folder, trouble.strangers);
  const { hasRecords, seal, conflict } = variant;
  const job: RollingJob = {
    ...sizes,
    connection: stage.connection,
    key: `${folder}/{seq}.log`,
    life: 1,
    lineCount,
    hasRecords,
    seal,
    conflict,
    retries: 8,
    backoff: 10,
    requestTimeout: trouble.requestTimeout ?? 10_000,
  };
  const report = await write(job);
  struck += await stage.emulator.call('countFaults', folder);
  return { job, report, objects: await objectsOf(stage, folder), struck };
}

export function keyIn(folder: string, sequence: number): string {
  return `${folder}/${String(sequence).padStart(6, '0')}.log`;
}

/** Bytes of strangers are none of ASCII. */
const strange = Buffer.alloc(30, 0xff);

async function makeStrangers(
  stage: Stage,
  folder: string,
  strangers: NonNullable<RollingTrouble['strangers']>,
): Promise<void> {
  await using client = disposable(new OssClient(stage.directConnection));
  const last = strangers === 'many' ? 6 : 1;
  for (let sequence = 1; sequence <= last; sequence++) {
    const key = keyIn(folder, sequence);
    await client.appendObject(key, 0, strange);
    if (strangers === 'sealed') await client.sealAppendObject(key, strange.byteLength);
    if (strangers !== 'normal') continue;
    await stage.emulator.call('addFault', { kind: 'replace', operation: 'get', key, nth: 1 });
    await stage.read(key);
  }
}

/** The objects of a folder by their sequence; some may be missing in between. */
export async function objectsOf(stage: Stage, folder: string): Promise<FoundObject[]> {
  await using client = disposable(new OssClient(stage.directConnection));
  const objects: FoundObject[] = [];
  let missing = 0;
  for (let sequence = 0; missing < 2; sequence++) {
    const key = keyIn(folder, sequence);
    const bytes = await stage.read(key);
    if (bytes === undefined) {
      missing++;
      continue;
    }
    const { sealed = false, appendable = false } = (await client.headObject(key)) ?? {};
    objects.push({ key, bytes, sealed, appendable });
  }
  return objects;
}

function disposable(client: OssClient): OssClient & AsyncDisposable {
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() });
}
