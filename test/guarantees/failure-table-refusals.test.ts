import { describe, expect, test } from 'vitest';
import {
  chunkAt,
  chunks,
  contentBefore,
  deliver,
  delivered,
  gaveUp,
  key,
  setStage,
} from '../helpers/delivery.js';
import { type Ending, type HttpAnswer, instead, refusal } from '../helpers/http-proxy.js';
import { deliverWith, everyTime, inTurn, places } from './failure-table-setup.js';

describe('a final refusal', () => {
  const elsewhere = '<Endpoint>oss-cn-beijing.aliyuncs.com</Endpoint>';
  const rows: { scenario: string; answer: HttpAnswer; endpoint?: string; outcome?: string }[] = [
    ...['AccessDenied', ''].map((code) => ({
      scenario: `403 ${code || 'without a code'}`,
      answer: refusal(403, code),
      outcome: 'forbidden',
    })),
    {
      scenario: '403 that cannot be decoded',
      answer: { ...refusal(403, ''), body: '<!DOCTYPE html><Error><Code>X</Code></Error>' },
      outcome: 'forbidden',
    },
    {
      scenario: '403 AccessDenied with an endpoint',
      answer: refusal(403, 'AccessDenied', { elements: elsewhere }),
      outcome: 'forbidden',
      endpoint: 'oss-cn-beijing.aliyuncs.com',
    },
    ...['SignatureDoesNotMatch', 'UserDisable', 'InvalidAccessKeyId'].map((code) => ({
      scenario: `403 ${code}`,
      answer: refusal(403, code),
    })),
    { scenario: '401', answer: refusal(401, 'Unauthorized') },
    { scenario: '404 NoSuchBucket', answer: refusal(404, 'NoSuchBucket') },
    { scenario: '404 NoSuchKey', answer: refusal(404, 'NoSuchKey') },
    {
      scenario: '301 TemporaryRedirect',
      answer: refusal(301, 'TemporaryRedirect', {
        elements: elsewhere,
        headers: { location: 'http://oss-cn-beijing.aliyuncs.com/' },
      }),
      endpoint: 'oss-cn-beijing.aliyuncs.com',
    },
    {
      scenario: '307 TemporaryRedirect',
      answer: refusal(307, 'TemporaryRedirect', { headers: { location: '/examplebucket/b.log' } }),
    },
    { scenario: '304', answer: { ...refusal(304, ''), body: '' } },
    { scenario: '400 InvalidArgument', answer: refusal(400, 'InvalidArgument') },
    { scenario: '405 MethodNotAllowed', answer: refusal(405, 'MethodNotAllowed') },
    { scenario: '411 MissingContentLength', answer: refusal(411, 'MissingContentLength') },
    { scenario: '409 FileAlreadyExists', answer: refusal(409, 'FileAlreadyExists') },
    { scenario: '409 without document and position', answer: { ...refusal(409, ''), body: '' } },
    { scenario: '412', answer: refusal(412, 'PreconditionFailed') },
  ];

  function errorOf({ scenario, answer, endpoint, outcome = 'fatal' }: (typeof rows)[number]) {
    const ossCode = /<Code>(\w+)<\/Code>/.exec(String(answer.body))?.[1];
    return {
      code: 'APPEND_ERR_SERVICE',
      status: answer.status,
      ossCode: scenario.includes('decoded') ? undefined : ossCode,
      requestId: '5C3D9175B6FC201293AD4890',
      ec: '0003-00000001',
      endpoint,
      outcome,
    };
  }

  const withEc = (answer: HttpAnswer): HttpAnswer => ({
    ...answer,
    headers: { ...answer.headers, 'x-oss-ec': '0003-00000001' },
  });

  describe.each(places)('at $place', (place) => {
    const { base } = place;
    const position = contentBefore(place).length;

    test.each(rows)('ends the stream at once: $scenario', async (row) => {
      const delivery = await deliverWith(place, instead(withEc(row.answer)));

      expect(delivery).toMatchObject(gaveUp(place, { error: errorOf(row), confirmed: true }));
    });

    test('is reconciled first, and the stream goes on when the lost append was stored', async () => {
      const stage = await setStage(base);
      let land = async () => {};
      stage.proxy.intercept(
        { operation: 'append', nth: place.nth },
        async ({ readBody, forward }): Promise<Ending> => {
          await readBody();
          land = async () => {
            await forward();
          };
          return 'reset';
        },
      );
      stage.proxy.intercept({ operation: 'append', nth: place.nth + 1 }, async ({ readBody }) => {
        await readBody();
        await land();
        return refusal(403, 'AccessDenied');
      });
      const delivery = await deliver(stage);

      expect(delivery).toEqual(
        delivered({
          base,
          retries: 1,
          attempts: 4,
          reconciles: ['not-committed', 'not-committed', 'committed'],
        }),
      );
    });

    test('is the cause of UnconfirmedError when the HEAD fails too', async () => {
      const stage = await setStage(base);
      stage.proxy.intercept({ operation: 'append', nth: place.nth }, instead('reset'));
      stage.proxy.intercept(
        { operation: 'append', nth: place.nth + 1 },
        instead(refusal(403, 'UserDisable')),
      );
      stage.proxy.intercept({ operation: 'head', nth: 4, ...everyTime }, instead('reset'));
      const delivery = await deliver(stage);

      expect(delivery).toMatchObject(
        gaveUp(place, {
          error: { code: 'APPEND_ERR_UNCONFIRMED', position, cause: { ossCode: 'UserDisable' } },
          confirmed: false,
          retries: 1,
          attempts: 2,
          reconciles: ['not-committed', 'not-committed'],
        }),
      );
    });

    test('ends the stream with its own error when a HEAD has settled the attempt before', async () => {
      const stage = await setStage(base);
      stage.proxy.intercept(
        { operation: 'append', nth: place.nth },
        instead(refusal(500, 'InternalError')),
      );
      stage.proxy.intercept(
        { operation: 'append', nth: place.nth + 1 },
        instead(refusal(403, 'AccessDenied')),
      );
      const delivery = await deliver(stage);

      expect(delivery).toMatchObject(
        gaveUp(place, {
          error: { code: 'APPEND_ERR_SERVICE', ossCode: 'AccessDenied' },
          confirmed: true,
          retries: 1,
          attempts: 2,
          reconciles: ['not-committed'],
        }),
      );
    });
  });

  test.each(inTurn(rows))(
    'ends as unconfirmed after an append without an answer: $scenario, at $place.place',
    async ({ place, ...row }) => {
      const position = contentBefore(place).length;
      const stage = await setStage(place.base);
      stage.proxy.intercept({ operation: 'append', nth: place.nth }, instead('reset'));
      stage.proxy.intercept(
        { operation: 'append', nth: place.nth + 1 },
        instead(withEc(row.answer)),
      );
      const delivery = await deliver(stage);

      expect(delivery).toMatchObject(
        gaveUp(place, {
          error: {
            code: 'APPEND_ERR_UNCONFIRMED',
            key,
            position,
            byteLength: chunkAt(place).length,
            cause: errorOf(row),
          },
          confirmed: false,
          retries: 1,
          attempts: 2,
          reconciles: ['not-committed', 'not-committed', 'not-committed'],
        }),
      );
    },
  );

  describe('at opening', () => {
    const fatal = rows.filter(
      ({ scenario, outcome }) => outcome === undefined && !scenario.includes('NoSuchKey'),
    );

    test.each(fatal)('ends the stream at once: $scenario', async (row) => {
      const stage = await setStage();
      stage.proxy.intercept({ operation: 'head', nth: 1 }, instead(withEc(row.answer)));
      const delivery = await deliver(stage);

      expect(delivery).toMatchObject({
        error: errorOf(row),
        object: undefined,
        bytesWritten: 0,
        position: undefined,
        retries: 0,
        attempts: 0,
        uncommitted: { key, position: undefined, bytes: chunks.join(''), confirmed: true },
      });
    });

    test('with 403 and another endpoint is checked by an empty append, then ends the stream', async () => {
      const stage = await setStage();
      const answer = refusal(403, 'AccessDenied', { elements: elsewhere });
      stage.proxy.intercept({ operation: 'head', nth: 1 }, instead(answer));
      stage.proxy.intercept({ operation: 'empty-append', nth: 1 }, instead(answer));
      const delivery = await deliver(stage);

      expect(delivery).toMatchObject({
        error: { code: 'APPEND_ERR_SERVICE', endpoint: 'oss-cn-beijing.aliyuncs.com' },
        object: undefined,
        retries: 0,
      });
    });
  });
});
