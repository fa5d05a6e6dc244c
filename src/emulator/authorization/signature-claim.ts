/** A request's claim about who signed it, for all kinds of signatures. */
export interface SignatureClaim {
  readonly accessKeyId: string;

  /** The signature in the request. */
  readonly signature: string;

  /** Throws an `OssError` if the signature is not valid at `now`. */
  readonly assertTimely: (now: Date) => void;

  /** Computes the correct signature. */
  readonly expect: (accessKeySecret: string) => ExpectedSignature;

  /** Computes signatures that official SDKs send instead, and that are unambiguous. */
  readonly alternatives?: (accessKeySecret: string) => readonly ExpectedSignature[];
}

export interface ExpectedSignature {
  readonly signature: string;
  readonly stringToSign: string;

  /** Only version 4 has one. */
  readonly canonicalRequest?: string;
}
