import { beforeEach, expect, test } from 'vitest';
import { SharingNotice } from '../../src/logging/sharing-notice.js';

let said: string[];
let notice: SharingNotice;
beforeEach(() => {
  said = [];
  notice = new SharingNotice(
    () => 'oss://logs/app.log',
    (message) => said.push(message),
  );
});

const shared = expect.stringMatching(/^another process appends to oss:\/\/logs\/app\.log too/);
const forbidden = expect.stringMatching(/^HEAD of oss:\/\/logs\/app\.log is forbidden: .*lost/);

test('another process is reported once, when the first line behind its own is committed', () => {
  notice.committed(0);
  notice.rebased(10);
  expect(said).toEqual([]);
  notice.committed(20);
  expect(said).toEqual([shared]);
  notice.rebased(30);
  notice.committed(40);

  expect(said).toHaveLength(1);
});

test('an object that was shortened or deleted is not taken for one that others append to', () => {
  notice.rebased(10);
  notice.committed(0);
  notice.committed(20);
  expect(said).toEqual([]);
  notice.rebased(30);
  notice.committed(31);

  expect(said).toEqual([shared]);
});

test('a forbidden HEAD is reported once, when another request has succeeded', () => {
  notice.succeeded();
  notice.headForbidden();
  expect(said).toEqual([]);
  notice.succeeded();
  notice.succeeded();

  expect(said).toEqual([forbidden]);
});
