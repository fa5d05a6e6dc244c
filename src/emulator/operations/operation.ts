import type { Crc64 } from '../../crc64.js';
import type { ObjectStore } from '../objects/object-store.js';
import type { Answer } from '../protocol/answer.js';
import type { OssRequest } from '../protocol/request.js';
import type { Content } from '../storage/content.js';
import type { OperationName } from './operation-name.js';

/**
 * An operation of OSS. After a request is authorized and its bucket and key are checked, `check` is
 * called, the body is read, and `apply` is called.
 */
export interface Operation {
  readonly name: OperationName;

  /** Requests for it have this method, target and, if set, `flag` in the query. */
  readonly method: string;
  readonly target: 'service' | 'bucket' | 'object';
  readonly flag?: string;

  /** Further parameters that it accepts; a read ignores all that it does not know. */
  readonly parameters?: readonly string[];

  /** `x-oss-` headers that it accepts if it changes data; a final `*` matches any suffix. */
  readonly headers?: readonly string[];

  /** Whether the body is used; otherwise it is discarded. */
  readonly readsBody: boolean;

  /** Most bytes of the body. Default: the limit of an object. */
  readonly maxBodySize?: number;

  /**
   * Checks everything that does not depend on the body.
   *
   * @throws {OssError} If the request cannot succeed with any body.
   */
  readonly check?: (context: OperationContext) => void;

  /**
   * Performs the operation.
   *
   * @throws {OssError} If it is refused, before anything has changed.
   */
  readonly apply: (context: OperationContext, body: Content) => Promise<Answer>;
}

/** The request and the state that an operation works with. */
export interface OperationContext {
  readonly request: OssRequest;

  /** `''` for an operation on the service. */
  readonly bucket: string;

  /** `''` for an operation on the service or a bucket. */
  readonly key: string;
  readonly objects: ObjectStore;
  readonly crc64: Crc64;

  /** Region of the emulator, without the prefix `oss-`. */
  readonly region: string;
  readonly now: () => Date;
}
