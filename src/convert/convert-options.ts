import type { AppendClient, ObjectCreation } from '../append/append-client.js';
import { requestOptionNames } from '../oss/request-options.js';
import type { AppendWritableOptions } from '../stream/options.js';

/** The object that is converted. */
export interface ConvertSource {
  readonly key: string;

  /** Its bucket, in the same region. @default the bucket of the new object */
  readonly bucket?: string | undefined;

  /** Store that has it, instead of `bucket`. @default the client of the new object */
  readonly client?: AppendClient | undefined;
}

/** Options of a conversion: those of the stream that writes the new object, as far as they apply. */
export interface ConvertOptions
  extends ObjectCreation,
    Pick<AppendWritableOptions, keyof typeof streamOptionNames> {
  /** Key of the new object. */
  readonly key: string;

  /**
   * Called when bytes have been compared or committed. What it throws ends the conversion; the next
   * append may be on its way then.
   */
  readonly onProgress?: ((progress: ConvertProgress) => void) | undefined;
}

/** How far a conversion has got. */
export interface ConvertProgress {
  /** Bytes of the object that is converted. */
  readonly length: number;

  /** Bytes that the new object had already, and that have been compared with the source. */
  readonly bytesCompared: number;

  /** Bytes of the new object, as confirmed by OSS. */
  readonly position: number;
}

/** Options of a stream that apply to a conversion. */
export const streamOptionNames = {
  ...requestOptionNames,
  chunkSize: true,
  highWaterMark: true,
  verify: true,
  signal: true,
} satisfies Partial<Record<keyof AppendWritableOptions, true>>;
