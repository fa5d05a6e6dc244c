/** The whole head of a request. */
export interface HeadPiece {
  readonly kind: 'head';
  readonly bytes: Buffer;
  readonly method: string;
  readonly target: string;
  readonly contentLength: number;
}

/** Consecutive bytes of the body. */
export interface BodyPiece {
  readonly kind: 'body';
  readonly bytes: Buffer;
  readonly contentLength: number;

  /** Bytes of the body that come after these. */
  readonly rest: number;
}

/** Splits the bytes of a connection into requests; bodies must have a `Content-Length`. */
export class RequestScanner {
  #head = Buffer.alloc(0);
  #contentLength = 0;
  #rest = 0;

  /** Scans the next bytes; an incomplete head is kept until the rest arrives. */
  *scan(bytes: Buffer): Generator<HeadPiece | BodyPiece> {
    let left = bytes;
    while (left.length > 0) {
      if (this.#rest > 0) {
        const part = left.subarray(0, this.#rest);
        left = left.subarray(part.length);
        this.#rest -= part.length;
        const contentLength = this.#contentLength;
        yield { kind: 'body', bytes: part, contentLength, rest: this.#rest };
        continue;
      }
      this.#head = Buffer.concat([this.#head, left]);
      const end = this.#head.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = this.#head.subarray(0, end + 4);
      left = this.#head.subarray(end + 4);
      this.#head = Buffer.alloc(0);
      yield this.#read(head);
    }
  }

  #read(bytes: Buffer): HeadPiece {
    const text = bytes.toString('latin1');
    const [method = '', target = ''] = text.split(' ');
    const length = /^content-length: *(\d+)/im.exec(text)?.[1] ?? '0';
    this.#contentLength = Number(length);
    this.#rest = this.#contentLength;
    return { kind: 'head', bytes, method, target, contentLength: this.#contentLength };
  }
}
