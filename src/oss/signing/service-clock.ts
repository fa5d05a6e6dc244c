import { nodeTimers } from '../../timers/node-timers.js';

/** The clock of OSS: ours, until OSS says how far it is off. */
export class ServiceClock {
  /** Milliseconds OSS's clock is ahead of ours. */
  offset = 0;

  /** Milliseconds since 1970. */
  now(): number {
    return nodeTimers.date() + this.offset;
  }
}
