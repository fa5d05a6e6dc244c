import type { OperationName } from '../operations/operation-name.js';

/** All kinds of faults. */
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
  'retain',
  'forbid',
  'hide-crc',
  'wrong-crc',
  'skew',
  'expired-token',
] as const;

/**
 * Effect of a fault on a request. "Applied" means that the object has changed; "dies" means that
 * the connection is closed without a complete answer. Effects on the answer apply to refusals too.
 *
 * | kind | what happens |
 * |---|---|
 * | `drop-request` | dies when the body has arrived; not applied |
 * | `cut-request` | dies in the middle of the body; not applied |
 * | `drop-answer` | applied, then dies |
 * | `cut-answer` | applied, then dies in the middle of the answer |
 * | `delay` | waits `delay` milliseconds, then applied and answered, even if the client has left |
 * | `stall` | applied; answered `delay` milliseconds later, or never without `delay` |
 * | `apply-late` | dies when the body has arrived; applied `delay` milliseconds later if it is still valid |
 * | `error-500`, `error-503` | refused; not applied (503 before the body is read) |
 * | `error-500-after` | applied, then answered with OSS's 500 |
 * | `error-502-after` | applied, then answered with a gateway's 502, without OSS's headers |
 * | `early-conflict` | 409 `PositionNotEqualToLength` with the true length before the body is read; not applied |
 * | `stranger` | just before, a second writer appends as many bytes (ours inverted; at least one) |
 * | `stranger-drop` | the same, then dies; the request is not applied |
 * | `delete` | just before, the object is deleted |
 * | `replace` | just before, a Normal object of the same length (at least one byte) replaces the object |
 * | `seal` | just before, the object is sealed |
 * | `retain` | 409 `FileImmutable`, as for an object under retention (WORM), whose HEAD does not show it; not applied |
 * | `forbid` | 403 `AccessDenied` before the body is read |
 * | `hide-crc` | applied and answered without `x-oss-hash-crc64ecma` |
 * | `wrong-crc` | applied and answered with another `x-oss-hash-crc64ecma` |
 * | `skew` | the emulator's clock jumps an hour ahead (back, the next time) and stays there until `clear()` |
 * | `expired-token` | 403 `SecurityTokenExpired` before the body is read |
 */
export type FaultKind = (typeof faultKinds)[number];

/**
 * A scripted failure. It matches a request if operation and key match; of all matching faults, only
 * the first that is due fires.
 *
 * A fault is due on every matching request; with `nth` only on the nth; with `nth` and `times` on
 * the nth and those after it, until it has fired `times` times. Each time it is due, `probability`
 * decides whether it fires.
 */
export interface Fault {
  readonly kind: FaultKind;

  /**
   * The operation it matches.
   *
   * @default every operation; `'append'` for `stranger`, `stranger-drop`, `retain` and `early-conflict`
   */
  readonly operation?: OperationName;

  /** The object key it matches. Default: every key. */
  readonly key?: string;

  /** The matching request on which it fires: 1 is the first after it was added. */
  readonly nth?: number;

  /** How often it fires at most. Default: no limit, or once with `nth`. */
  readonly times?: number;

  /**
   * Probability that it fires when it is due, from 0 to 1; depends on the option `seed`.
   *
   * @default 1
   */
  readonly probability?: number;

  /**
   * Milliseconds, for `delay`, `apply-late` and `stall`; ignored by all others.
   *
   * @default 100; no end for `stall`
   */
  readonly delay?: number;
}
