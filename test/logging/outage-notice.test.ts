import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { OutageNotice } from '../../src/logging/outage-notice.js';
import { useFakeTimers, useRealTimers } from '../helpers/fake-timers.js';

let said: string[];
let object: string;
let notice: OutageNotice;
beforeEach(() => {
  useFakeTimers();
  said = [];
  object = 'oss://logs/app.log';
  notice = new OutageNotice(
    () => object,
    (message) => said.push(message),
  );
});
afterEach(() => {
  useRealTimers();
});

const first = 'nothing could be committed to oss://logs/app.log for 10.0 s, still retrying: ';

test('an outage of ten seconds is reported with its last failure, and so is its end', () => {
  notice.failed(new Error('the first'));
  vi.advanceTimersByTime(9000);
  notice.failed(new Error('the second'));
  vi.advanceTimersByTime(999);
  expect(said).toEqual([]);

  vi.advanceTimersByTime(1);
  expect(said).toEqual([`${first}the second`]);
  for (let minute = 0; minute < 100; minute++) {
    vi.advanceTimersByTime(60_000);
    notice.failed(new Error('another'));
  }
  notice.recovered();
  notice.recovered();

  expect(said).toEqual([
    `${first}the second`,
    'the outage of oss://logs/app.log is over after 100 min 10 s',
  ]);
});

test('an outage names the object that the log is at', () => {
  object = 'oss://logs/app.1.log';
  notice.failed(new Error('a failure'));
  vi.advanceTimersByTime(10_000);

  expect(said).toEqual([
    'nothing could be committed to oss://logs/app.1.log for 10.0 s, still retrying: a failure',
  ]);
});

test('an outage of less than ten seconds is not reported, and neither is its end', () => {
  for (let hiccup = 0; hiccup < 10; hiccup++) {
    notice.failed(new Error('a hiccup'));
    vi.advanceTimersByTime(9999);
    notice.recovered();
  }

  expect(said).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});

test('a second outage is reported separately', () => {
  for (let outage = 0; outage < 2; outage++) {
    notice.failed(new Error('of the store'));
    vi.advanceTimersByTime(10_000);
    notice.recovered();
  }

  const over = 'the outage of oss://logs/app.log is over after 10.0 s';
  expect(said).toEqual([`${first}of the store`, over, `${first}of the store`, over]);
});

test('nothing is reported after the stream has closed', () => {
  notice.failed(new Error('the first'));
  notice.close();
  vi.advanceTimersByTime(60_000);

  expect(said).toEqual([]);
});
