import fc from 'fast-check';
import { type AnyAnswer, anyAnswer, send } from './any-answer.js';
import { answer, ossAnswer, signedOff } from './hostile-answers.js';
import type { Treatment } from './hostile-server.js';
import type { StoredObject } from './stored-object.js';

/** How the server mistreats one request. */
export interface Misbehaviour {
  /** Whether the server executes the request before it answers. */
  readonly isServed: boolean;

  /** Answer to send instead of the honest one. */
  readonly instead?: readonly Buffer[];

  /** Where the honest answer is split in two, as a fraction of its length. */
  readonly cut?: number;

  /** Whether the second part is sent too. */
  readonly isWhole?: boolean;

  readonly ending: AnyAnswer['ending'];
}

/** Mistreats the first requests in turn, and handles further ones as OSS would. */
export function treatments(
  object: StoredObject,
  misbehaviours: readonly Misbehaviour[],
): Treatment[] {
  return [
    ...misbehaviours.map(
      (misbehaviour): Treatment =>
        async (request) => {
          const honest = misbehaviour.isServed ? await object.serve(request) : Buffer.alloc(0);
          await request.body;
          await send(
            { pieces: piecesOf(misbehaviour, honest), ending: misbehaviour.ending },
            request,
          );
        },
    ),
    async (request) => void request.socket.write(await object.serve(request)),
  ];
}

function piecesOf({ instead, cut = 1, isWhole = true }: Misbehaviour, honest: Buffer) {
  if (instead !== undefined) return instead;
  const end = Math.floor(cut * honest.length);
  return [honest.subarray(0, end), ...(isWhole ? [honest.subarray(end)] : [])];
}

const ending = fc.constantFrom<AnyAnswer['ending']>('keep', 'end', 'reset');

/** Bytes that say nothing about the outcome of the request. */
const meaningless = fc.oneof(
  fc.constant(Buffer.alloc(0)),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  fc
    .constantFrom('500 Internal', '502 Bad', '503 Busy', '504 Late', '408 Slow', '429 Many')
    .map((status) => ossAnswer(status)),
  fc
    .constantFrom('200 OK', '204 No', '403 No', '404 No', '409 No')
    .map((status) => answer(status, ['x-oss-next-append-position: 3', 'content-length: 0'])),
  fc
    .constantFrom('', '-1', '1.5', 'x', '99999999999999999999')
    .map((position) => ossAnswer('200 OK', [`x-oss-next-append-position: ${position}`])),
  fc.constant(Buffer.from(`HTTP/1.1 102 Wait\r\n${signedOff}\r\n\r\n`)),
);

const mayBeServed = fc.boolean();
const document = '<Error><Code>RequestTimeout</Code></Error>';
const refused = ossAnswer('400 Bad', [`x-oss-err: ${btoa(document)}`], document);

/** A server that fails in every way, but never makes a false statement. */
export const brokenDown: fc.Arbitrary<Misbehaviour> = fc.oneof(
  fc.record({
    isServed: mayBeServed,
    ending,
    instead: meaningless.map((bytes) => [bytes]),
  }),
  fc.record({
    isServed: fc.constant(true),
    ending,
    isWhole: fc.boolean(),
    cut: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  fc.record({ isServed: fc.constant(false), ending, instead: fc.constant([refused]) }),
);

const lie = fc
  .record({
    position: fc.oneof(fc.nat({ max: 30 }), fc.constantFrom(1, 2 ** 33, 2 ** 53 - 1)),
    checksum: fc.constantFrom('0', '1', '18446744073709551615', undefined),
    status: fc.constantFrom('200 OK', '200 OK', '409 Conflict', '403 Forbidden', '404 Not Found'),
    kind: fc.constantFrom('Appendable', 'Appendable', 'Normal'),
  })
  .map(({ position, checksum, status, kind }) =>
    ossAnswer(status, [
      `x-oss-next-append-position: ${position}`,
      ...(checksum === undefined ? [] : [`x-oss-hash-crc64ecma: ${checksum}`]),
      `x-oss-object-type: ${kind}`,
    ]),
  );

/** A server that may also make any false statement, and consistent ones in a row. */
export const lying: fc.Arbitrary<Misbehaviour> = fc.oneof(
  brokenDown,
  fc.record({ isServed: mayBeServed, ending, instead: lie.map((bytes) => [bytes]) }),
  fc
    .tuple(mayBeServed, anyAnswer)
    .map(([isServed, any]) => ({ isServed, instead: any.pieces, ending: any.ending })),
);
