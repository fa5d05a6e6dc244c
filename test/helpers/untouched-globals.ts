// Test files share processes: a fake that one leaves behind breaks another.
import { afterAll, expect } from 'vitest';
import { nodeTimers } from '../../src/timers/node-timers.js';

const places = {
  globalThis: [
    globalThis,
    ['setTimeout', 'clearTimeout', 'setImmediate', 'setInterval', 'queueMicrotask', 'Date'],
  ],
  performance: [performance, ['now']],
  process: [process, ['nextTick']],
  Math: [Math, ['random']],
  Date: [Date, ['now']],
  nodeTimers: [nodeTimers, Object.keys(nodeTimers)],
} as const;

const key = Symbol.for('oss-append-stream.test.globals');

/** The globals as they were when this process loaded its first test file. */
function remembered(): Map<string, unknown> {
  const all = Reflect.get(globalThis, key) ?? new Map();
  Reflect.set(globalThis, key, all);
  for (const [place, [object, names]] of Object.entries(places)) {
    for (const name of names) {
      const path = `${place}.${name}`;
      if (!all.has(path)) all.set(path, Reflect.get(object, name));
    }
  }
  return all;
}

const before = remembered();

afterAll(() => {
  const changed = Object.entries(places).flatMap(([place, [object, names]]) =>
    names
      .filter((name) => Reflect.get(object, name) !== before.get(`${place}.${name}`))
      .map((name) => `${place}.${name}`),
  );
  expect(changed).toEqual([]);
});
