import { lengthOf, makeSource, type SourceSetting } from './source.js';

/**
 * The whole source, cut into chunks that share memory, so that a sender has no other work.
 */
export function* chunksOf(
  setting: SourceSetting & { readonly byteLength: number; readonly chunkSize: number },
): Iterable<Buffer> {
  const { chunkSize } = setting;
  const source = makeSource(setting);
  const { period } = source;
  const total = lengthOf(source, setting.byteLength);
  const times = 1 + Math.ceil(chunkSize / period.byteLength);
  const repeated = Buffer.concat(Array.from({ length: times }, () => period));
  for (let sent = 0; sent < total; sent += chunkSize) {
    const offset = sent % period.byteLength;
    yield repeated.subarray(offset, offset + Math.min(chunkSize, total - sent));
  }
}
