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
  return Array.from({ length: objects }, (_, index) => keyOf(key, index));
}

/** Key of one of several objects, counted from 0. */
export function keyOf(key: string, index: number): string {
  return `${key}.${index}`;
}

/** Key of the Normal object whose bytes are expected under `key`. */
export function sourceOf(key: string): string {
  return `${key}.source`;
}
