import type { Readable } from 'node:stream';
import { combineCrc64, loadCrc64 } from '../../src/crc64.js';
import type { AppendClient } from '../../src/index.js';

const crc64 = await loadCrc64();

/** What an answer said about the end of the object, as the client read it. */
interface Claim {
  readonly from: 'append' | 'head' | 'get';
  readonly end: number;
  readonly crc64?: bigint | undefined;

  /** Bytes of a GET, up to `end`. */
  readonly read?: Buffer;
}

/** Records what a server claims through a client, to compare with what a stream concludes. */
export class Claims {
  /** The client to give to the stream. */
  readonly client: AppendClient;
  readonly #claims: Claim[] = [];

  /** State of the object on which the stream based its opening. */
  #opening: Claim | undefined;

  constructor(client: AppendClient) {
    this.client = {
      appendObject: async (key, position, body, options) => {
        const receipt = await client.appendObject(key, position, body, options);
        this.#claims.push({ from: 'append', end: receipt.nextPosition, crc64: receipt.crc64 });
        return receipt;
      },
      headObject: async (key, options) => {
        const state = await client.headObject(key, options);
        const { length = 0, crc64: checksum } = state ?? { crc64: 0n };
        this.#claims.push({ from: 'head', end: length, crc64: checksum });
        return state;
      },
      getObject: async (key, options) =>
        this.#watch(await client.getObject(key, options), options?.start ?? 0),
      sealAppendObject: (key, position, options) => client.sealAppendObject(key, position, options),
      close: () => client.close(),
    };
  }

  /** Must be called when the stream is ready. */
  opened(): void {
    this.#opening = this.#claims.at(-1);
  }

  /**
   * Whether the server ever claimed that the object is its initial content followed by `bytes`: by
   * a receipt, a checksum, or the bytes themselves.
   */
  support(bytes: Buffer, { verify }: { verify: 'crc64' | 'none' }): boolean {
    const opening = this.#opening;
    if (opening === undefined) return false;
    // An empty object may have been deleted since, whatever checksum it was claimed to have.
    const bases = opening.end === 0 ? [opening.crc64, 0n] : [opening.crc64];
    const expected = bases.map(
      (base) => base === undefined || combineCrc64(base, crc64(bytes), bytes.length),
    );
    return this.#claims.some((claim) => {
      if (claim.end !== opening.end + bytes.length) return false;
      if (claim.read !== undefined) return bytes.subarray(-claim.read.length).equals(claim.read);
      if (claim.from === 'append' && (claim.crc64 === undefined || verify === 'none')) return true;
      return claim.crc64 !== undefined && (expected[0] === true || expected.includes(claim.crc64));
    });
  }

  #watch(stream: Readable, start: number): Readable {
    let read = Buffer.alloc(0);
    stream.on('data', (piece: Buffer) => {
      read = Buffer.concat([read, piece]);
      this.#claims.push({ from: 'get', end: start + read.length, read });
    });
    return stream.pause();
  }
}
