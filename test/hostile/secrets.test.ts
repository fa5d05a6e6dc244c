import { describe, expect, test } from 'vitest';
import { answer, five, ossAnswer, say, signedOff, wellBehaved } from './hostile-answers.js';
import { connect, operations, verdictOf } from './hostile-client.js';
import { startHostileServer, type Treatment } from './hostile-server.js';
import { endWith, openStream } from './hostile-stream.js';
import { honest, StoredObject } from './stored-object.js';
import { watchForTrouble } from './trouble.js';

watchForTrouble();

/** Answers with the secrets of the request, in one line. */
function reflect(bytes: (secrets: string) => string | Buffer): Treatment {
  return async (request) => {
    const lines = request.head.split('\r\n').filter((line) => /Signature=|token/.test(line));
    await say(bytes(lines.reverse().join(' ')))(request);
  };
}

const inDocument = (status: string, element: string) =>
  reflect((line) =>
    ossAnswer(status, [], `<Error><Code>X</Code><${element}>${line}</${element}></Error>`),
  );

// `verdictOf()` prints each error completely and searches it for secrets.
describe('no error reveals a signature or token that the server sent back', () => {
  test.each([
    {
      scenario: 'instead of an answer',
      treatment: reflect((line) => `POST / HTTP/1.1\r\n${line}\r\n\r\n`),
    },
    { scenario: 'as the status', treatment: reflect((line) => ossAnswer(`500 ${line}`)) },
    { scenario: 'as another status', treatment: reflect((line) => `HTTP/1.1 ${line}\r\n\r\n`) },
    {
      scenario: 'as a header',
      treatment: reflect((line) => ossAnswer('500 No', [`x: ${line}`, 'x y'])),
    },
    {
      scenario: 'as the request id',
      treatment: reflect((line) => answer('500 No', [`${signedOff}${line}`, 'content-length: 0'])),
    },
    {
      scenario: 'as the detailed code',
      treatment: reflect((line) => ossAnswer('500 No', [`x-oss-ec: ${line}`])),
    },
    {
      scenario: 'as the type of the object',
      treatment: reflect((line) =>
        ossAnswer(
          '409 No',
          [`x-oss-object-type: ${line}`],
          '<Error><Code>ObjectNotAppendable</Code></Error>',
        ),
      ),
    },
    { scenario: 'as the detailed code in the document', treatment: inDocument('500 No', 'EC') },
    {
      scenario: 'as the code itself',
      treatment: reflect((line) => ossAnswer('500 No', [], `<Error><Code>${line}</Code></Error>`)),
    },
    { scenario: 'as the message', treatment: inDocument('403 No', 'Message') },
    { scenario: 'as the endpoint', treatment: inDocument('403 No', 'Endpoint') },
    { scenario: 'as the signed text', treatment: inDocument('403 No', 'StringToSign') },
    {
      scenario: 'as the body of an answer that is not a success',
      treatment: reflect((line) =>
        ossAnswer('200 OK', ['content-length: 1', 'content-length: 2'], line),
      ),
    },
    {
      scenario: 'as chunks',
      treatment: reflect((line) => `${ossAnswer('500 No', ['transfer-encoding: chunked'])}${line}`),
    },
  ])('$scenario', async ({ treatment }) => {
    for (const operation of operations) {
      const { client } = await connect(treatment);
      const verdict = await verdictOf(operation, client);
      if (operation !== 'head') expect(verdict).not.toBe('success');
    }
  });

  test('the error of a stream reveals no secret that the server sent back', async () => {
    const { stream } = await openStream([
      honest(new StoredObject()),
      inDocument('403 No', 'Message'),
    ]);
    const { error } = await endWith(stream, Buffer.from('payload-do-not-show-me'));
    expect(error).toMatchObject({ code: 'APPEND_ERR_SERVICE', status: 403 });
    expect(error?.message).toMatch(/,… x-oss-security-token: …/);
    expect(error?.message).not.toMatch(/do-not-show-me|[\da-f]{64}/);
  });
});

test('an object type as long as a page makes a short message', async () => {
  const type = `x-oss-object-type: ${'\x9b31m page '.repeat(1000)}`;
  const { stream } = await openStream([say(ossAnswer('200 OK', [five, type]))]);
  const { error } = await endWith(stream, Buffer.from('hello'));
  expect(error?.code).toBe('APPEND_ERR_NOT_APPENDABLE');
  expect(error?.message.length).toBeLessThan(500);
  expect(error?.message).not.toMatch(/\p{Cc}/u);
});

describe('a redirect is not followed, so no signed request is sent to another host', () => {
  test.each([
    '300 Multiple',
    '301 Moved',
    '302 Found',
    '303 Other',
    '307 Temporary',
    '308 Permanent',
  ])('%s', async (status) => {
    await using elsewhere = await startHostileServer(wellBehaved);
    for (const location of [`${elsewhere.endpoint}/logs/a.log`, '/logs/a.log', '//127.0.0.2/x']) {
      const lines = [`location: ${location}`, `refresh: 0; url=${location}`, five];
      for (const operation of operations) {
        const { client, server } = await connect(say(ossAnswer(status, lines)));
        expect(await verdictOf(operation, client)).toBe('fatal');
        expect(server.requests).toHaveLength(1);
      }
    }
    expect(elsewhere.connections).toEqual([]);
  });

  test('neither an Alt-Svc nor a Link header is followed', async () => {
    await using elsewhere = await startHostileServer(wellBehaved);
    const { host } = new URL(elsewhere.endpoint);
    const { client, server } = await connect(
      say(ossAnswer('200 OK', [five, `alt-svc: h2="${host}"; ma=86400`, `link: <${host}>`])),
    );
    for (const operation of operations) await verdictOf(operation, client);
    expect(server.requests).toHaveLength(4);
    expect(elsewhere.connections).toEqual([]);
  });
});
