import type { AppendClient } from '../../src/append/append-client.js';
import { ScriptedClient } from './scripted-client.js';

/** A store of several objects, each of them a {@link ScriptedClient} of its own. */
export class ScriptedStore implements AppendClient {
  readonly #clients = new Map<string, ScriptedClient>();

  /** Every call of the store, with its key. */
  readonly calls: string[] = [];

  /** The object `key`, which need not exist. */
  at(key: string): ScriptedClient {
    const found = this.#clients.get(key) ?? new ScriptedClient();
    this.#clients.set(key, found);
    return found;
  }

  /** The contents of all objects that exist, by key. */
  get contents(): Record<string, string> {
    const existing = [...this.#clients].flatMap(([key, { contents }]) =>
      contents === undefined ? [] : [[key, contents] as const],
    );
    return Object.fromEntries(existing);
  }

  readonly appendObject: AppendClient['appendObject'] = (key, position, body, options) => {
    this.calls.push(`append ${key} ${position}+${body.byteLength}`);
    return this.at(key).appendObject(key, position, body, options);
  };

  readonly headObject: AppendClient['headObject'] = (key, options) => {
    this.calls.push(`head ${key}`);
    return this.at(key).headObject(key, options);
  };

  readonly getObject: AppendClient['getObject'] = (key, options) => {
    this.calls.push(`get ${key}`);
    return this.at(key).getObject(key, options);
  };

  readonly sealAppendObject: AppendClient['sealAppendObject'] = (key, position, options) => {
    this.calls.push(`seal ${key} ${position}`);
    return this.at(key).sealAppendObject(key, position, options);
  };

  async close(): Promise<void> {}
}
