import { Readable, type ReadableOptions } from 'node:stream';
import type { RetryNotice } from '../append/retry-policy.js';

/** A stream has gone on from one object to the next. */
export interface ReadRolloverEvent {
  /** The object that it has read, and how far. */
  readonly from: { readonly key: string; readonly position: number };
  readonly to: { readonly key: string };
}

/** Events of `AppendReadable` in addition to Node's own. */
export interface AppendReadableEvents {
  /** An attempt failed and another follows. */
  retry: [RetryNotice];

  /**
   * The stream has gone on to the next object. It is emitted between the last byte of the one and the
   * first byte of the other, as the consumer takes them.
   */
  rollover: [ReadRolloverEvent];
}

/** Every event of an `AppendReadable`, with the arguments of its listeners. */
interface ReadableEvents extends AppendReadableEvents {
  close: [];
  // biome-ignore lint/suspicious/noExplicitAny: as in Node's types; a string with an encoding
  data: [chunk: any];
  end: [];
  error: [Error];
  pause: [];
  readable: [];
  resume: [];
}

type Listener<E extends keyof ReadableEvents> = (...args: ReadableEvents[E]) => void;

/** A listener of an event that is not in the map, such as one that the application emits. */
type AnyListener = (...args: never[]) => void;

/** A `Readable` with typed listeners. */
export interface EventedReadable extends Readable {
  addListener<E extends keyof ReadableEvents>(event: E, listener: Listener<E>): this;
  addListener(event: string | symbol, listener: AnyListener): this;
  on<E extends keyof ReadableEvents>(event: E, listener: Listener<E>): this;
  on(event: string | symbol, listener: AnyListener): this;
  once<E extends keyof ReadableEvents>(event: E, listener: Listener<E>): this;
  once(event: string | symbol, listener: AnyListener): this;
  prependListener<E extends keyof ReadableEvents>(event: E, listener: Listener<E>): this;
  prependListener(event: string | symbol, listener: AnyListener): this;
  prependOnceListener<E extends keyof ReadableEvents>(event: E, listener: Listener<E>): this;
  prependOnceListener(event: string | symbol, listener: AnyListener): this;
  off<E extends keyof ReadableEvents>(event: E, listener: Listener<E>): this;
  off(event: string | symbol, listener: AnyListener): this;
  removeListener<E extends keyof ReadableEvents>(event: E, listener: Listener<E>): this;
  removeListener(event: string | symbol, listener: AnyListener): this;
  emit<E extends keyof ReadableEvents>(event: E, ...args: ReadableEvents[E]): boolean;
  emit(event: string | symbol, ...args: unknown[]): boolean;
}

type EventedReadableConstructor = Omit<typeof Readable, 'prototype'> & {
  new (options?: ReadableOptions): EventedReadable;
  readonly prototype: EventedReadable;
};

/** Node's `Readable` itself, with a more precise type. */
export const EventedReadable = Readable as EventedReadableConstructor;
