import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppendWritable } from 'oss-append-stream';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { RelayedConnection } from '../helpers/cutting-relay.js';
import type { Connection } from './fault-matrix/job.js';
import { Stage } from './fault-matrix/stage.js';
import { lineOf } from './rollover/numbered-lines.js';
import { keyIn } from './rollover/rolling-case.js';
import {
  endingOf,
  interfere,
  losesLines,
  type OperatorAct,
  operatorActs,
} from './sharing/operator.js';
import { sharedObjects } from './sharing/shared-objects.js';
import type { SharingReport } from './sharing/sharing-job.js';
import { judgeSharing } from './sharing/sharing-judge.js';

let stage: Stage;
let dir: string;
let folders = 0;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'oss-append-'));
  stage = await Stage.set(dir);
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  await rm(dir, { recursive: true });
});

/** Lines that each writer appends before the operator acts, and all of its lines. */
const early = 3;
const lineCount = 6;

/** A writer that appends its lines one by one, until its stream fails. */
class Writer {
  readonly #writer: number;
  readonly #stream: AppendWritable;
  #written = 0;
  #acknowledged = 0;
  #error: { readonly code: string; readonly message: string } | undefined;

  constructor(writer: number, connection: Connection, key: string, isRolling: boolean) {
    this.#writer = writer;
    this.#stream = new AppendWritable({
      ...connection,
      key,
      conflict: 'rebase',
      recordDelimiter: '\n',
      flushInterval: 0,
      retry: { retries: Number.POSITIVE_INFINITY, minTimeout: 5, maxTimeout: 20 },
      ...(isRolling ? { rollover: true } : {}),
    });
    this.#stream.on('error', ({ code, message }: Error & { code: string }) => {
      this.#error = { code, message };
    });
    onTestFinished(() => void this.#stream.destroy());
  }

  /** Resolves when so many lines are acknowledged, or the stream has failed. */
  async appendUntil(count: number): Promise<void> {
    while (this.#written < count && !this.#stream.destroyed) {
      const line = lineOf(this.#writer, this.#written++);
      const isCommitted = await this.#stream.append(line).then(
        () => true,
        () => false, // `#error` has the reason.
      );
      if (isCommitted) this.#acknowledged++;
    }
  }

  report(): SharingReport {
    const left = this.#stream.takeUncommitted();
    const { conflicts, retries, rollovers } = this.#stream.stats;
    return {
      writer: this.#writer,
      written: this.#written,
      acknowledged: this.#acknowledged,
      committed: this.#stream.bytesWritten,
      conflicts,
      retries,
      rollovers,
      unsealed: [],
      error: this.#error,
      rest: String(left?.bytes ?? ''),
      isConfirmed: left?.confirmed ?? true,
    };
  }
}

/** Two writers that have appended some lines to one object, the first of them last. */
async function twoWriters(isRolling: boolean) {
  const folder = `operated-${++folders}`;
  const key = isRolling ? `${folder}/{seq}.log` : keyIn(folder, 0);
  const first = new Writer(1, stage.connection, key, isRolling);
  const second = new Writer(2, stage.directConnection, key, isRolling);
  await second.appendUntil(early);
  await first.appendUntil(early);
  return { folder, first, second };
}

/** Holds the next append of the first writer: all of it has been sent, or half of it. */
function holdAppend(folder: string, isStored: boolean): Promise<RelayedConnection> {
  return new Promise((resolve) => {
    const act = (connection: RelayedConnection) => {
      connection.silence();
      resolve(connection);
    };
    const place = isStored ? 'after the body' : 'inside the body';
    stage.relay.add({ place, key: folder, nth: 1, times: 1, act });
  });
}

async function lengthIn(folder: string): Promise<number | undefined> {
  return (await sharedObjects(stage, folder))[0]?.bytes.length;
}

const rows = operatorActs.flatMap((act) =>
  [false, true].map((isRolling) => ({
    act,
    isRolling,
    rollover: isRolling ? 'with rollover' : 'without',
    ending: isRolling ? undefined : endingOf(act),
  })),
);

describe("an operator interferes with a log with conflict 'rebase', and nothing is in doubt", () => {
  test.each(rows)('$act, $rollover: $ending', async ({ act, isRolling, ending }) => {
    const { folder, first, second } = await twoWriters(isRolling);
    await interfere(stage, keyIn(folder, 0), act);
    await Promise.all([first.appendUntil(lineCount), second.appendUntil(lineCount)]);

    const reports = [first.report(), second.report()];
    const objects = await sharedObjects(stage, folder);
    const errors = ending === undefined ? [] : [ending];
    expect(judgeSharing(objects, reports, { lineCount, errors, keptFrom: kept(act) })).toEqual([]);
    expect(reports.map(({ error }) => error?.code)).toEqual([ending, ending]);
    // The next object only where this one takes no more.
    const goesOn = isRolling && endingOf(act) !== undefined;
    expect(objects).toHaveLength(goesOn ? 2 : 1);
    expect(reports.map(({ rollovers }) => rollovers)).toEqual(Array(2).fill(goesOn ? 1 : 0));
  });
});

/** What becomes of a writer whose append was stored, or not, and not answered when somebody acted. */
const afterDoubt: Readonly<Record<OperatorAct, readonly [stored: Outcome, notStored: Outcome]>> = {
  empty: ['DIVERGED', 'DIVERGED'],
  delete: ['DIVERGED', 'DIVERGED'],
  shorten: ['DIVERGED', 'DIVERGED'],
  // The object is longer than the position and has other bytes there, or is just as long.
  'replace by one of the same length': ['as without', 'DIVERGED'],
  'replace by a longer one': ['as without', 'as without'],
  'replace by a Normal object': ['as without', 'DIVERGED'],
  seal: ['as without', 'as without'],
  fill: ['as without', 'as without'],
};
type Outcome = 'DIVERGED' | 'as without';

// Once is enough for what needs a server that is started again.
const doubtfulRows = rows.filter(({ act, isRolling }) => act !== 'fill' || isRolling);
const doubtful = doubtfulRows.flatMap((row) =>
  [true, false].map((isStored) => {
    const outcome = afterDoubt[row.act][isStored ? 0 : 1];
    const ending = outcome === 'DIVERGED' ? 'APPEND_ERR_DIVERGED' : row.ending;
    return {
      ...row,
      isStored,
      append: isStored ? 'stored' : 'not stored',
      ending,
      other: row.ending,
    };
  }),
);

describe("an operator interferes with a log with conflict 'rebase' while an append has no answer", () => {
  test.each(doubtful)('$act, $rollover, $append: $ending', async (row) => {
    const { act, isRolling, isStored, ending, other } = row;
    const { folder, first, second } = await twoWriters(isRolling);
    const before = (await lengthIn(folder)) as number;
    const holding = holdAppend(folder, isStored);
    const appending = first.appendUntil(early + 1);
    const connection = await holding;
    if (isStored) await expect.poll(() => lengthIn(folder)).toBeGreaterThan(before);
    await interfere(stage, keyIn(folder, 0), act);
    connection.reset();
    await appending;
    await Promise.all([first.appendUntil(lineCount), second.appendUntil(lineCount)]);

    const reports = [first.report(), second.report()];
    const objects = await sharedObjects(stage, folder);
    const errors = [ending, other].filter((code) => code !== undefined);
    expect(judgeSharing(objects, reports, { lineCount, errors, keptFrom: kept(act) })).toEqual([]);
    expect(reports.map(({ error }) => error?.code)).toEqual([ending, other]);
  });
});

/** By writer, the first line that the operator cannot have taken away. */
function kept(act: OperatorAct): ReadonlyMap<number, number> | undefined {
  if (!losesLines(act)) return undefined;
  return new Map([
    [1, early],
    [2, early],
  ]);
}
