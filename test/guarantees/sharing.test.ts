import { afterAll, beforeAll, expect, test } from 'vitest';
import { Random } from '../simulation/random.js';
import { Stage } from './fault-matrix/stage.js';
import { drawMixture } from './sharing/fault-mixture.js';
import { nameOfSharing, runSharing, type SharingCase } from './sharing/run-sharing.js';
import { judgeSharing } from './sharing/sharing-judge.js';
import { SharingWriter } from './sharing/sharing-writer.js';

// The long form, with more lines, mixtures and operators, is `npm run proof`.
const common = { lineCount: 200, chunkSize: 512, stop: 'short' } as const;
const cases: SharingCase[] = [
  { ...common, seal: false, mixture: drawMixture(new Random(1)) },
  { ...common, seal: true, maxSize: 8192, mixture: drawMixture(new Random(2)) },
];

let stage: Stage;
const writers = SharingWriter.start(4);
beforeAll(async () => {
  stage = await Stage.set();
});
afterAll(async () => {
  await Promise.all([stage, ...writers].map((it) => it[Symbol.asyncDispose]()));
});

test.each(cases.map((it) => [nameOfSharing(it), it] as const))(
  'four processes have every line in the object whole, once and in order: %s',
  async (_, sharingCase) => {
    const { objects, reports, task, struck } = await runSharing(stage, writers, sharingCase);

    expect(judgeSharing(objects, reports, task)).toEqual([]);
    expect(reports.map(({ conflicts }) => conflicts > 0)).toEqual(Array(4).fill(true));
    expect(struck).toBeGreaterThan(10);
  },
);
