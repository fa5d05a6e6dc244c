// This bundle has one algorithm, 8 KB; the package's main file loads all of them, 280 KB.
declare module 'hash-wasm/dist/crc64.umd.min.js' {
  import { createCRC64 } from 'hash-wasm';

  const hashWasm: { createCRC64: typeof createCRC64 };
  export = hashWasm;
}
