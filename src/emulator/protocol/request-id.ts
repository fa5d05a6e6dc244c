import { randomBytes } from 'node:crypto';

/** Tells this process from others; drawn once, because a draw costs more than a small append. */
const prefix = randomBytes(6).toString('hex');
let count = 0;

/** Creates a request id in OSS's form: 24 upper-case hexadecimal digits, never the same twice. */
export function createRequestId(): string {
  count++;
  return `${prefix}${count.toString(16).padStart(12, '0')}`.toUpperCase();
}
