import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { loadCrc64 } from '../../../src/crc64.js';
import { md5Of } from '../../../src/emulator/checks/content-digest.js';
import { contentOf } from '../../../src/emulator/storage/content.js';

const crc64 = await loadCrc64();

describe('md5Of()', () => {
  test('yields to the event loop while it hashes long content', async () => {
    const piece = Buffer.alloc(2 ** 20, 'x');
    const order: string[] = [];
    setImmediate(() => order.push('other work'));

    const md5 = await md5Of(contentOf([piece, piece], crc64));
    order.push('digest');

    expect(order).toEqual(['other work', 'digest']);
    expect(md5).toEqual(createHash('md5').update(piece).update(piece).digest());
  });
});
