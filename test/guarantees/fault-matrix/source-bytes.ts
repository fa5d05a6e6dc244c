import { createCipheriv } from 'node:crypto';

/** The source of every writer; no run of its bytes occurs twice. */
export function sourceBytes(byteLength: number): Buffer {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 'source'), Buffer.alloc(16));
  return cipher.update(Buffer.alloc(byteLength));
}
