import { PassThrough } from 'node:stream';

/** A stage of a pipeline of pino's that changes nothing. */
// biome-ignore lint/style/noDefaultExport: pino loads it
export default function passThrough(): PassThrough {
  return new PassThrough();
}
