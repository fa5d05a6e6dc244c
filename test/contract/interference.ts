import type { AppendClient, AppendReceipt } from '../../src/index.js';

/** Changes the course of an append; `append` performs it. */
export type Interference = (append: () => Promise<AppendReceipt>) => Promise<AppendReceipt>;

/** `client` with `interfere` at its nth append. */
export function interfereWith(
  client: AppendClient,
  { nth }: { readonly nth: number },
  interfere: Interference,
): AppendClient {
  let appends = 0;
  return {
    appendObject: (key, position, body, options) => {
      const append = () => client.appendObject(key, position, body, options);
      return ++appends === nth ? interfere(append) : append();
    },
    headObject: (key, options) => client.headObject(key, options),
    getObject: (key, options) => client.getObject(key, options),
    sealAppendObject: (key, position, options) => client.sealAppendObject(key, position, options),
    close: () => client.close(),
  };
}

/** The append is applied and its answer lost. */
export const loseAnswer: Interference = async (append) => {
  await append();
  throw new Error('The connection is lost');
};

/** The append never arrives; `meanwhile` runs instead. */
export function loseRequest(meanwhile = async () => {}): Interference {
  return async () => {
    await meanwhile();
    throw new Error('The connection is lost');
  };
}
