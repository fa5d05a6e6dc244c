import { expect, test } from 'vitest';
import { PacedProducer, type PaceSetting } from '../harness/paced-producer.js';

const setting: PaceSetting = {
  source: 'ascii',
  pieceLength: 100,
  rate: 100_000,
  warmUp: 20,
  duration: 200,
  patience: 300,
};

test('PacedProducer counts a stall of the sink for every write that was due meanwhile', async () => {
  const producer = new PacedProducer(setting);
  let startedAt: number | undefined;

  await producer.run({
    hasRoom() {
      startedAt ??= performance.now();
      return performance.now() - startedAt > 150;
    },
    write: () => producer.acknowledgeNext(),
  });

  const { 'ack max ms': max, 'ack p50 ms': p50, acknowledged } = producer.figures(0);
  expect(acknowledged).toBe(1);
  // The first measured write was due at 20 ms.
  expect(max).toBeGreaterThan(125);
  expect(p50).toBeGreaterThan(25);
});

test('PacedProducer counts writes that are never acknowledged, and stops waiting', async () => {
  const producer = new PacedProducer(setting);

  await producer.run({ hasRoom: () => true, write: () => {} });

  const { 'ack p50 ms': p50, acknowledged } = producer.figures(0);
  expect(acknowledged).toBe(0);
  expect(p50).toBeGreaterThan(setting.patience);
});

test('PacedProducer counts no append before the warm-up', async () => {
  const producer = new PacedProducer(setting);
  let startedAt: number | undefined;

  await producer.run({
    hasRoom: () => true,
    write() {
      startedAt ??= performance.now();
      const isCold = performance.now() - startedAt < setting.warmUp / 2;
      producer.committed(isCold ? 1e9 : 100, 7);
      producer.acknowledgeNext();
    },
  });

  expect(producer.figures(20)).toMatchObject({ 'service ms': 7, 'appends/GB': 1e7 });
});
