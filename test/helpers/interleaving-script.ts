import fc from 'fast-check';
import type { Fault, FaultKind } from '../../src/emulator/index.js';

/** Forms in which data is passed to a write. */
const forms = ['Buffer', 'Uint8Array', 'utf8', 'utf16le', 'latin1', 'hex', 'base64'] as const;

/** The data of a write, for any chunk size. */
export interface Load {
  readonly form: (typeof forms)[number];

  /** Size in quarters of a chunk, plus `rest` bytes. */
  readonly quarters: number;
  readonly rest: number;
}

/** One action of a stream's user. */
export type Step =
  | { readonly do: 'write'; readonly load: Load; readonly hasCallback: boolean }
  | { readonly do: 'append'; readonly load: Load }
  | { readonly do: 'cork' | 'uncork' }
  | { readonly do: 'flush'; readonly hasCallback: boolean }
  | { readonly do: 'wait'; readonly until: string }
  | { readonly do: 'end'; readonly load: Load | undefined }
  | { readonly do: 'destroy'; readonly error: Error | undefined };

/** All actions and faults of a stream, from opening to end. */
export interface Script {
  readonly chunkSize: number;
  readonly chunksOfBound: number;
  readonly flushInterval: number;
  readonly verify: 'crc64' | 'none';

  /** Whether the object exists before the stream, and is not empty. */
  readonly continues: boolean;

  /** Faults of the requests. */
  readonly faults: readonly Fault[];
  readonly retries: number;
  readonly steps: readonly Step[];
}

/** Faults that a single writer survives while it has retries left. */
const survivedKinds = [
  ...(['drop-request', 'cut-request', 'drop-answer', 'cut-answer', 'delay', 'stall'] as const),
  ...(['apply-late', 'error-500', 'error-500-after', 'error-502-after', 'error-503'] as const),
  'hide-crc',
] satisfies FaultKind[];

/** Faults that may end a stream, but not make it report falsely. */
const fatalKinds = [
  ...(['stranger', 'stranger-drop', 'delete', 'replace', 'seal', 'forbid'] as const),
  ...(['wrong-crc', 'expired-token', 'skew'] as const),
] satisfies FaultKind[];

const timing = { nth: fc.integer({ min: 1, max: 5 }), times: fc.integer({ min: 1, max: 3 }) };
const delay = fc.integer({ min: 0, max: 6 });

const survived = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom(...survivedKinds),
      operation: fc.constantFrom('append' as const, 'append' as const, 'head' as const),
      delay,
      ...timing,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('early-conflict' as const), ...timing }) },
  // Writers without permission to read, and a store that returns no checksum.
  { weight: 1, arbitrary: fc.constant<Fault>({ kind: 'forbid', operation: 'head' }) },
  { weight: 1, arbitrary: fc.constant<Fault>({ kind: 'hide-crc' }) },
);

// Only once, because a request is re-signed only once.
const skew = fc.record({ kind: fc.constant('skew' as const), nth: timing.nth });

const fatal = fc.record({
  kind: fc.constantFrom(...fatalKinds),
  operation: fc.constantFrom('append' as const, 'append' as const, 'head' as const),
  ...timing,
});

const load: fc.Arbitrary<Load> = fc.record({
  form: fc.constantFrom(...forms),
  quarters: fc.nat(12),
  rest: fc.integer({ min: -1, max: 1 }),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      load,
      hasCallback: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('append' as const), load }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('cork' as const, 'uncork' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('flush' as const), hasCallback: fc.boolean() }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      until: fc.constantFrom('turn', 'ready', 'commit', 'drain', 'retry', 'reconcile', 'close'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      load: fc.option(load, { nil: undefined }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('destroy' as const),
      error: fc.constantFrom(undefined, new Error('from the script')),
    }),
  },
);

const life = {
  chunkSize: fc.integer({ min: 1, max: 16 }),
  chunksOfBound: fc.integer({ min: 2, max: 8 }),
  flushInterval: fc.constantFrom(0, 1, 4, Number.POSITIVE_INFINITY),
  verify: fc.constantFrom('crc64' as const, 'none' as const),
  continues: fc.boolean(),
  steps: fc.array(step, { maxLength: 30 }),
};

/** A single writer with more retries than there are faults. */
export const survivedScript: fc.Arbitrary<Script> = fc.record({
  ...life,
  faults: fc
    .tuple(fc.array(survived, { maxLength: 5 }), fc.array(skew, { maxLength: 1 }))
    .map(([faults, skews]) => [...faults, ...skews]),
  retries: fc.constant(Number.POSITIVE_INFINITY),
});

/** Any fault may happen, and retries are few. */
export const anyScript: fc.Arbitrary<Script> = fc.record({
  ...life,
  faults: fc.array(fc.oneof(survived, fatal), { minLength: 1, maxLength: 6 }),
  retries: fc.nat(3),
});

/** Makes the data of writes so that no two pieces are alike. */
export class LoadMaker {
  readonly #chunkSize: number;
  #count = 0;

  constructor(chunkSize: number) {
    this.#chunkSize = chunkSize;
  }

  make({ form, quarters, rest }: Load): {
    data: string | Uint8Array;
    encoding: BufferEncoding;
    bytes: Buffer;
  } {
    const size = Math.max(0, Math.round((quarters * this.#chunkSize) / 4) + rest);
    if (form === 'utf8' || form === 'utf16le') {
      const data = this.#text(size, form);
      return { data, encoding: form, bytes: Buffer.from(data, form) };
    }
    const bytes = Buffer.from(Array.from({ length: size }, () => this.#byte()));
    if (form === 'Buffer') return { data: bytes, encoding: 'utf8', bytes };
    if (form === 'Uint8Array') return { data: new Uint8Array(bytes), encoding: 'utf8', bytes };
    return { data: bytes.toString(form), encoding: form, bytes };
  }

  /** Never `?`, which the emulator's stranger may write. */
  #byte(): number {
    const byte = this.#count++ % 251;
    return byte === 0x3f ? 0xff : byte;
  }

  #text(size: number, encoding: BufferEncoding): string {
    let text = '';
    while (Buffer.byteLength(text, encoding) < size) {
      text +=
        String.fromCodePoint(characters[this.#count % characters.length] ?? 0) + this.#letter();
    }
    return text;
  }

  #letter(): string {
    return String.fromCharCode(0x61 + (this.#count++ % 26));
  }
}

/** Characters of one to four bytes in UTF-8, and both halves of a surrogate pair. */
const characters = [0x41, 0xe9, 0x20ac, 0x1f600, 0xd83d, 0xde00];
