import { createCipheriv } from 'node:crypto';

/** The bytes every writer writes: no run of them occurs twice. */
export function sourceBytes(byteLength: number): Buffer {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 'source'), Buffer.alloc(16));
  return cipher.update(Buffer.alloc(byteLength));
}
