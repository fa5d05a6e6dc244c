import { randomBytes } from 'node:crypto';

/** Identifies this process; drawn once, because random bytes cost more than a small append. */
const prefix = randomBytes(6).toString('hex');
let count = 0;

/** Creates a unique request id in OSS's form: 24 upper-case hexadecimal digits. */
export function createRequestId(): string {
  count++;
  return `${prefix}${count.toString(16).padStart(12, '0')}`.toUpperCase();
}
