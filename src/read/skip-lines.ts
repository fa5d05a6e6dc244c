import { Transform } from 'node:stream';

const lineFeed = 10;

/** Leaves out the first `count` lines of the bytes that pass through. */
export function skipLines(count: number): Transform {
  let remaining = count;
  return new Transform({
    transform(bytes: Buffer, _encoding, callback) {
      let start = 0;
      for (; remaining > 0; remaining--) {
        const end = bytes.indexOf(lineFeed, start);
        if (end === -1) return callback();
        start = end + 1;
      }
      callback(null, bytes.subarray(start));
    },
  });
}
