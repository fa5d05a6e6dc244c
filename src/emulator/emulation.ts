import type { Crc64 } from '../crc64.js';
import type { EmulatorCredentials } from './authorization/authorization.js';
import type { Clock } from './clock.js';
import type { FaultKind } from './faults/fault.js';
import type { FaultList } from './faults/faults.js';
import type { ObjectStore } from './objects/object-store.js';
import type { OperationName } from './operations/operation-name.js';
import type { SlabPool } from './storage/slab-pool.js';

/** State shared by all exchanges of one emulator. */
export interface Emulation {
  /** Address it listens on. */
  readonly host: string;
  readonly region: string;

  /** `undefined` when signatures are not checked. */
  readonly credentials: EmulatorCredentials | undefined;
  readonly objects: ObjectStore;
  readonly faults: FaultList;
  readonly clock: Clock;
  readonly crc64: Crc64;
  readonly slabs: SlabPool;

  /** Aborted when the emulator closes, which ends all waits. */
  readonly signal: AbortSignal;
  readonly record: (request: RequestRecord) => void;
}

/** One line of the request log. */
export interface RequestRecord {
  /** `'unsupported'` for an operation that the emulator does not implement. */
  readonly operation: OperationName | 'unsupported';

  /** Absent for a request without a bucket; cut after 1024 characters. */
  readonly bucket?: string;

  /** Decoded; absent for a request without a key; cut after 1024 characters. */
  readonly key?: string;

  /** The position in the request, of an append or a seal. */
  readonly position?: number;

  /** Bytes of the request's body that were read. */
  readonly byteLength: number;

  /** Status of the answer; 0 if the client did not get a complete one. */
  readonly status: number;

  /** The fault that fired on it. */
  readonly fault?: FaultKind;
}
