import type { Crc64 } from '../../crc64.js';
import type { ObjectStore } from '../objects/object-store.js';
import type { Answer } from '../protocol/answer.js';
import type { OssRequest } from '../protocol/request.js';
import type { Content } from '../storage/content.js';
import type { OperationName } from './operation-name.js';

/**
 * One of OSS's operations. A request is authorized and its bucket and key are known to be good
 * before any of this is called, in this order: `check`, the body is read, `apply`.
 */
export interface Operation {
  readonly name: OperationName;

  /** What a request for it looks like; the query must have `flag`. */
  readonly method: string;
  readonly target: 'service' | 'bucket' | 'object';
  readonly flag?: string;

  /** Query parameters it knows besides, where it changes something; those of a reader are ignored. */
  readonly parameters?: readonly string[];

  /** Headers that begin with `x-oss-` it knows, where it changes something; `*` for what follows. */
  readonly headers?: readonly string[];

  /** Whether the body means something; if not it is thrown away. */
  readonly readsBody: boolean;

  /** Most bytes of the body. Default: those of an object. */
  readonly maxBodySize?: number;

  /**
   * Refuses what can be refused without the body.
   *
   * @throws {OssError} If the request cannot succeed whatever its body is.
   */
  readonly check?: (context: OperationContext) => void;

  /**
   * Does the work.
   *
   * @throws {OssError} If it may not be done; nothing has changed then.
   */
  readonly apply: (context: OperationContext, body: Content) => Promise<Answer>;
}

/** What an operation works with. */
export interface OperationContext {
  readonly request: OssRequest;

  /** `''` for an operation on the service. */
  readonly bucket: string;

  /** `''` for an operation on the service or a bucket. */
  readonly key: string;
  readonly objects: ObjectStore;
  readonly crc64: Crc64;

  /** Where the emulator says it is, without `oss-` in front. */
  readonly region: string;
  readonly now: () => Date;
}
