/** Where to send to, and the object that is expected there. */
export interface Target {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly credentials: { readonly accessKeyId: string; readonly accessKeySecret: string };
  readonly key: string;
}

/** Keys of the objects where several of them are expected under one name. */
export function keysOf(key: string, objects: number): string[] {
  return Array.from({ length: objects }, (_, index) => `${key}.${index}`);
}
