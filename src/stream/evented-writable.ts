import { type Readable, Writable, type WritableOptions } from 'node:stream';
import type { AppendWritableEvents, DropEvent } from './events.js';

/** Every event of an `AppendWritable`, with the arguments of its listeners. */
export interface WritableEvents extends AppendWritableEvents {
  close: [];
  drain: [];

  /** Emitted by streams of loggers only. */
  drop: [DropEvent];
  error: [Error];
  finish: [];
  pipe: [Readable];
  unpipe: [Readable];
}

type Listener<E extends keyof WritableEvents> = (...args: WritableEvents[E]) => void;

/** A listener of an event that is not in the map, such as one that the application emits. */
type AnyListener = (...args: never[]) => void;

/** A `Writable` with typed listeners. */
export interface EventedWritable extends Writable {
  addListener<E extends keyof WritableEvents>(event: E, listener: Listener<E>): this;
  addListener(event: string | symbol, listener: AnyListener): this;
  on<E extends keyof WritableEvents>(event: E, listener: Listener<E>): this;
  on(event: string | symbol, listener: AnyListener): this;
  once<E extends keyof WritableEvents>(event: E, listener: Listener<E>): this;
  once(event: string | symbol, listener: AnyListener): this;
  prependListener<E extends keyof WritableEvents>(event: E, listener: Listener<E>): this;
  prependListener(event: string | symbol, listener: AnyListener): this;
  prependOnceListener<E extends keyof WritableEvents>(event: E, listener: Listener<E>): this;
  prependOnceListener(event: string | symbol, listener: AnyListener): this;
  off<E extends keyof WritableEvents>(event: E, listener: Listener<E>): this;
  off(event: string | symbol, listener: AnyListener): this;
  removeListener<E extends keyof WritableEvents>(event: E, listener: Listener<E>): this;
  removeListener(event: string | symbol, listener: AnyListener): this;
  emit<E extends keyof WritableEvents>(event: E, ...args: WritableEvents[E]): boolean;
  emit(event: string | symbol, ...args: unknown[]): boolean;
}

type EventedWritableConstructor = Omit<typeof Writable, 'prototype'> & {
  new (options?: WritableOptions): EventedWritable;
  readonly prototype: EventedWritable;
};

/** Node's `Writable` itself, with a more precise type. */
export const EventedWritable = Writable as EventedWritableConstructor;
