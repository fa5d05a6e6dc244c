import { pathToFileURL } from 'node:url';
import type { StoredObject } from '../../test/comparing-store/expected-object.js';
import { Store } from '../../test/comparing-store/store.js';
import type { OrderAccount, Protocol } from '../../test/comparing-store/store-process.js';
import { builtProgram } from '../../test/helpers/remote.js';
import { type Contender, type Figures, isWorthRates, type Setting } from './assignment.js';
import { keepAwake } from './awake.js';
import { baseSuffix } from './comparison.js';
import type { Measurement } from './contender-process.js';
import { ContenderProcesses } from './contender-processes.js';
import { environment } from './environment.js';
import { base, isQuick } from './flags.js';
import { bindToFirstProcessor } from './processor.js';
import type { Report, Result } from './report.js';
import { lengthOf, makeSource, type SourceSetting } from './source.js';
import { ratios, summarize } from './statistics.js';

/** The part of a setting that all comparisons have. */
export interface CommonSetting extends SourceSetting {
  /** Its name in the results. */
  readonly name: string;

  /** Bytes to write, rounded down to whole periods of the source, but at least one. */
  readonly byteLength: number;

  /** Milliseconds the store sleeps before it answers an append. */
  readonly delay: number;
  readonly protocol: Protocol;

  /** Number of objects, with the keys of `keysOf()`. Default: one object. */
  readonly objects?: number;

  /** What of `byteLength` bytes is to be read. Default: nothing. */
  readonly stored?: 'object' | 'growing object' | 'source';

  /** Bytes by which a growing object grows with each HEAD. */
  readonly step?: number;
}

/** One question, and its contenders. */
export interface Benchmark<S extends CommonSetting> {
  /** Name of the files with its results. */
  readonly name: string;
  readonly question: string;
  readonly settings: readonly S[];

  /** All are compared with the first one; with two revisions, each with its own base. */
  readonly contenders: readonly Contender[] | ((setting: S) => readonly Contender[]);

  /** Figures that are compared, the most important first. */
  readonly compare: readonly string[];
  readonly repeats?: number;

  /** Whether each run has a new process, without a warm-up: a process keeps memory that it had. */
  readonly isFresh?: boolean;

  /** Flags of Node.js for the contenders. */
  readonly execArgv?: readonly string[];

  /** Receives the results of each setting as they come. */
  readonly onResults?: (results: readonly Result[]) => void;
}

interface Entrant {
  readonly contender: Contender;
  readonly library: string;
  readonly measurements: Measurement[];

  /** The entrant that it is compared with. */
  readonly baseline: Entrant | undefined;
}

const ownBuild = new URL('./dist/', pathToFileURL(builtProgram('..').replace(/build.*$/, ''))).href;

/**
 * Runs the contenders in turn, `repeats` times after a round of warm-up, each in its own process,
 * and verifies the bytes that arrived. Only ratios within one repeat are meaningful, because a
 * machine's speed drifts.
 */
export async function measure<S extends CommonSetting>(benchmark: Benchmark<S>): Promise<Report> {
  const { name, question, settings, execArgv, isFresh } = benchmark;
  const compare = base === undefined ? benchmark.compare : [...benchmark.compare, 'CPU s/GB'];
  const repeats = isQuick ? 1 : (benchmark.repeats ?? 5);
  const results: Result[] = [];
  await using store = await Store.start(settings.map(({ protocol }) => protocol));
  const { certificateFile } = store;
  const isStoreBound = !isQuick && (await bindToFirstProcessor(store.pid));
  await using wakefulness = isQuick ? undefined : await keepAwake();
  await using processes = new ContenderProcesses({ certificateFile, execArgv, isFresh });
  for (const setting of settings) {
    const { contenders } = benchmark;
    const all = typeof contenders === 'function' ? contenders(setting) : contenders;
    const entrants = enter(isQuick ? oneOfEachKind(all) : all);
    for (let repeat = isQuick || isFresh ? 0 : -1; repeat < repeats; repeat++) {
      for (const entrant of repeat % 2 === 0 ? entrants : otherOrder(entrants)) {
        const measurement = await run(entrant, setting, { store, processes });
        if (repeat >= 0) entrant.measurements.push(measurement);
      }
    }
    await processes.end();
    const ofSetting = entrants.map((entrant) => result(setting, entrant, compare));
    benchmark.onResults?.(ofSetting);
    results.push(...ofSetting);
  }
  const isAwake = wakefulness !== undefined && wakefulness.pids.length > 0;
  return {
    name,
    question,
    environment: environment({ isAwake, isStoreBound }),
    repeats,
    compare,
    results,
  };
}

/**
 * Varies the order so that no contender always follows the same one, and none runs twice in a row:
 * work left over from its previous run would be counted.
 */
function otherOrder(entrants: readonly Entrant[]): Entrant[] {
  return [...entrants.slice(0, -1).toReversed(), ...entrants.slice(-1)];
}

/** Leaves out contenders that run the same program as an earlier one. */
function oneOfEachKind(contenders: readonly Contender[]): Contender[] {
  const isSame = (one: Contender) => (other: Contender) =>
    one.module === other.module && one.isOurs === other.isOurs;
  return contenders.filter((one, index) => contenders.findIndex(isSame(one)) === index);
}

/** To compare two builds of this library, each of its contenders enters with both. */
function enter(contenders: readonly Contender[]): Entrant[] {
  const entrant = (contender: Contender, library: string, baseline?: Entrant): Entrant => ({
    contender,
    library,
    measurements: [],
    baseline,
  });
  if (base === undefined) {
    const entrants: Entrant[] = [];
    for (const contender of contenders) entrants.push(entrant(contender, ownBuild, entrants[0]));
    return entrants;
  }
  return contenders
    .filter(({ isOurs }) => isOurs)
    .flatMap((contender) => {
      const name = `${contender.name}${baseSuffix}`;
      const baseline = entrant({ ...contender, name }, base as string);
      return [baseline, entrant(contender, ownBuild, baseline)];
    });
}

async function run(
  entrant: Entrant,
  setting: CommonSetting,
  { store, processes }: { store: Store; processes: ContenderProcesses },
): Promise<Measurement> {
  const { contender, library } = entrant;
  const own = { ...setting, ...contender.options };
  const source = makeSource(own);
  const { period } = source;
  const { delay, objects, protocol } = own;
  const stored = storedObject(own, lengthOf(source, own.byteLength));
  const target = await store.expect({ period, delay, objects, stored }, protocol);
  const assignment = { setting: own as unknown as Setting, target, library };
  const measurement = await processes.run(entrant, contender, assignment);
  const account = await store.take(target.key);
  if (contender.isLocal) return measurement;
  verify(contender, measurement, { account, isEmpty: own.byteLength === 0 });
  const traffic = trafficFigures(account, objects);
  return { ...measurement, figures: { ...measurement.figures, ...traffic } };
}

function storedObject(
  { stored, step }: CommonSetting,
  byteLength: number,
): StoredObject | undefined {
  if (stored === undefined) return undefined;
  return {
    byteLength,
    step: stored === 'growing object' ? step : undefined,
    isNormal: stored === 'source',
  };
}

/**
 * @throws {Error} If the bytes that arrived are not those written, or none were and some should.
 */
function verify(
  { name }: Contender,
  { byteLength: written }: Measurement,
  { account, isEmpty }: { account: OrderAccount; isEmpty: boolean },
): void {
  const { byteLength, mismatchAt, isEven } = account;
  const isRight = byteLength === written && isEven && (byteLength === 0) === isEmpty;
  if (isRight && mismatchAt === undefined) return;
  const doubts = [
    ...[`${name} wrote ${written} bytes`, `${byteLength} arrived`],
    ...(isEven ? [] : ['some objects are longer than others']),
    ...(mismatchAt === undefined ? [] : [`the first wrong one is at ${mismatchAt}`]),
  ];
  throw new Error(`Cannot trust this run: ${doubts.join(', ')}`);
}

/** The requests and connections that the store counted. */
function trafficFigures(account: OrderAccount, objects: number | undefined): Figures {
  const { byteLength, requests, connections } = account;
  if (!isWorthRates(byteLength)) return { requests, connections };
  const figures = { 'requests/GB': requests / (byteLength / 1e9) };
  return objects === undefined ? figures : { ...figures, connections };
}

function result(
  setting: CommonSetting,
  { contender, measurements, baseline }: Entrant,
  compare: readonly string[],
): Result {
  const names = Object.keys(measurements[0]?.figures ?? {});
  const of = (figure: string, from: readonly Measurement[]) =>
    from.map(({ figures }) => figures[figure] ?? Number.NaN);
  const others = baseline?.measurements ?? measurements;
  const compared = names.filter(
    (name) => compare.includes(name) && others[0]?.figures[name] !== undefined,
  );
  return {
    setting: setting as unknown as Setting,
    contender: contender.name,
    peakRss: Math.max(...measurements.map(({ peakRss }) => peakRss)),
    figures: Object.fromEntries(names.map((name) => [name, summarize(of(name, measurements))])),
    ratios: Object.fromEntries(
      compared.map((name) => [name, ratios(of(name, measurements), of(name, others))]),
    ),
  };
}
