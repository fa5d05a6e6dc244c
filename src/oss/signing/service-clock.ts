import { nodeTimers } from '../../timers/node-timers.js';

/** OSS's clock: the local clock, corrected once OSS has reported its time. */
export class ServiceClock {
  /** Milliseconds by which OSS's clock is ahead of the local one. */
  offset = 0;

  /** Milliseconds since 1970. */
  now(): number {
    return nodeTimers.date() + this.offset;
  }
}
