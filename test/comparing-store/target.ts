/** A store, and the key of the object that it expects. */
export interface Target {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly credentials: { readonly accessKeyId: string; readonly accessKeySecret: string };
  readonly key: string;
}

/** Keys of several objects that are expected under one name. */
export function keysOf(key: string, objects: number): string[] {
  return Array.from({ length: objects }, (_, index) => `${key}.${index}`);
}
