import { expect, test } from 'vitest';
import { AppendWritable } from '../../src/index.js';
import { answer, ScriptedClient } from '../append/scripted-client.js';
import { closed } from '../helpers/closed.js';
import { eventsOf } from '../helpers/events-of.js';

/** Waits for `count` turns of the microtask queue. */
async function microtasks(count: number): Promise<void> {
  for (let passed = 0; passed < count; passed++) await undefined;
}

// The checksum code loads during the HEAD, so its answer alone does not open the stream.
test("a stream destroyed at any moment before it is open emits no 'ready' and appends nothing", async () => {
  const positions: (number | undefined)[] = [];
  for (let count = 0; count < 40; count++) {
    const client = new ScriptedClient('head');
    const stream = new AppendWritable({ client, key: 'a.log', flushInterval: 0 });
    const seen = eventsOf(stream, 'ready', 'commit', 'error', 'finish', 'close');
    client.script('head', (call) => {
      void microtasks(count).then(() => {
        positions.push(stream.position);
        stream.destroy();
      });
      return answer(call);
    });
    stream.write('chunk');
    await closed(stream);
    if (positions.at(-1) !== undefined) continue;

    expect({ count, seen }).toEqual({ count, seen: ['close'] });
    expect(stream.position).toBeUndefined();
    expect(client.calls).toEqual(['head']);
    expect(String(stream.takeUncommitted()?.bytes)).toBe('chunk');
  }
  // They range from before the answer was read to after the stream was open.
  expect(positions).toHaveLength(40);
  expect(positions[0]).toBeUndefined();
  expect(positions.at(-1)).toBeDefined();
});
