import { PassThrough } from 'node:stream';

/** A stage of a pino pipeline that changes nothing. */
// biome-ignore lint/style/noDefaultExport: pino loads it
export default function passThrough(): PassThrough {
  return new PassThrough();
}
