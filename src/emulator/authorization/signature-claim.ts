/** What a request says about who signed it, whichever way it was signed. */
export interface SignatureClaim {
  readonly accessKeyId: string;

  /** The signature that was sent. */
  readonly signature: string;

  /** Throws an `OssError` where the signature is not good at that moment. */
  readonly assertTimely: (now: Date) => void;

  /** Computes what should have been sent. */
  readonly expect: (accessKeySecret: string) => ExpectedSignature;

  /** Computes what official SDKs send instead, and cannot be meant otherwise. */
  readonly alternatives?: (accessKeySecret: string) => readonly ExpectedSignature[];
}

export interface ExpectedSignature {
  readonly signature: string;
  readonly stringToSign: string;

  /** Only version 4 has one. */
  readonly canonicalRequest?: string;
}
