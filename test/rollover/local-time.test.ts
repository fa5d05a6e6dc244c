import { expect, test } from 'vitest';
import { localTimeIn } from '../../src/rollover/local-time.js';

test('localTimeIn() makes one for each time zone', () => {
  expect(localTimeIn('Asia/Kolkata')).toBe(localTimeIn('Asia/Kolkata'));
  expect(localTimeIn('Asia/Kolkata')).not.toBe(localTimeIn('UTC'));
});

test('localTimeIn() refuses a time zone that does not exist, again and again', () => {
  for (let turn = 0; turn < 2; turn++) expect(() => localTimeIn('Mars/X')).toThrow(RangeError);
});

test.each([
  ['UTC', '2026-03-04T00:59Z', { yyyy: '2026', MM: '03', dd: '04', HH: '00' }],
  ['UTC', '2026-12-31T23:59Z', { yyyy: '2026', MM: '12', dd: '31', HH: '23' }],
  ['Asia/Shanghai', '2026-12-31T23:59Z', { yyyy: '2027', MM: '01', dd: '01', HH: '07' }],
  ['UTC', '0987-01-02T00:00Z', { yyyy: '0987', MM: '01', dd: '02', HH: '00' }],
  ['UTC', '+012345-01-02T00:00Z', { yyyy: '12345', MM: '01', dd: '02', HH: '00' }],
])('the local time in %s at %s', (timeZone, date, fields) => {
  expect(localTimeIn(timeZone).fieldsOf(Date.parse(date))).toEqual(fields);
});
