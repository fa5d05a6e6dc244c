import type { OperationName } from '../operations/operation-name.js';

/** Every way a request can be made to go wrong. */
export const faultKinds = [
  'drop-request',
  'cut-request',
  'drop-answer',
  'cut-answer',
  'delay',
  'stall',
  'apply-late',
  'error-500',
  'error-500-after',
  'error-502-after',
  'error-503',
  'early-conflict',
  'stranger',
  'stranger-drop',
  'delete',
  'replace',
  'seal',
  'forbid',
  'hide-crc',
  'wrong-crc',
  'skew',
  'expired-token',
] as const;

/**
 * What happens to a request. "Applied" means the object has changed; "dies" means the connection
 * is closed without a complete answer. What happens to an answer happens to a refusal too.
 *
 * | kind | what happens |
 * |---|---|
 * | `drop-request` | dies when the body has arrived; not applied |
 * | `cut-request` | dies in the middle of the body; not applied |
 * | `drop-answer` | applied, then dies |
 * | `cut-answer` | applied, then dies in the middle of the answer |
 * | `delay` | waits `delay` milliseconds, then applied and answered, even if the client has left |
 * | `stall` | applied; answered `delay` milliseconds later, or never without `delay` |
 * | `apply-late` | dies when the body has arrived; applied `delay` milliseconds later if it still may be |
 * | `error-500`, `error-503` | refused; not applied (503 before the body is read) |
 * | `error-500-after` | applied, then answered with OSS's 500 |
 * | `error-502-after` | applied, then answered with a gateway's 502, without OSS's headers |
 * | `early-conflict` | 409 `PositionNotEqualToLength` with the true length before the body is read; not applied |
 * | `stranger` | a second writer appends as many bytes (ours inverted; at least one) just before |
 * | `stranger-drop` | the same, then dies; ours is not applied |
 * | `delete` | the object is deleted just before |
 * | `replace` | the object is replaced by a Normal one of the same length (at least one byte) just before |
 * | `seal` | the object is sealed just before |
 * | `forbid` | 403 `AccessDenied` before the body is read |
 * | `hide-crc` | applied and answered without `x-oss-hash-crc64ecma` |
 * | `wrong-crc` | applied and answered with another `x-oss-hash-crc64ecma` |
 * | `skew` | the emulator's clock jumps an hour ahead (back, the next time) and stays there until `clear()` |
 * | `expired-token` | 403 `SecurityTokenExpired` before the body is read |
 */
export type FaultKind = (typeof faultKinds)[number];

/**
 * A scripted failure. A request matches when operation and key do; of the faults a request
 * matches, the first that is due fires, and only that one.
 *
 * A fault is due on every matching request; with `nth` only on the nth; with `nth` and `times` on
 * the nth and those after it, until it has fired `times` times. `probability` is thrown last, each
 * time the fault is due.
 */
export interface Fault {
  readonly kind: FaultKind;

  /**
   * The operation it waits for.
   *
   * @default every one; for `stranger`, `stranger-drop` and `early-conflict` `'append'`
   */
  readonly operation?: OperationName;

  /** The object key it waits for. Default: every one. */
  readonly key?: string;

  /** Which matching request it fires on, counted from 1 and from when it was added. */
  readonly nth?: number;

  /** Most firings. Default: no limit, or one with `nth`. */
  readonly times?: number;

  /**
   * Chance that it fires when it is due, from 0 to 1, thrown with the emulator's `seed`.
   *
   * @default 1
   */
  readonly probability?: number;

  /**
   * Milliseconds, for `delay`, `apply-late` and `stall`; the others do not look at it.
   *
   * @default 100, for `stall` for ever
   */
  readonly delay?: number;
}
