import { describe, expect, test } from 'vitest';
import { KeySeries } from '../../src/rollover/key-series.js';

/** The sequence of `key`, and the keys of the first and of the next object of its series. */
function seriesOf(key: string, template: string) {
  const series = KeySeries.of(key, template);
  if (series === undefined) return undefined;
  const { sequence } = series;
  return { sequence, first: series.keyAt(0), next: series.keyAt(sequence + 1) };
}

describe('the series of a key', () => {
  test.each([
    ['app.log', 'app.log', 0, 'app.log', 'app.1.log'],
    ['app.12.log', 'app.log', 12, 'app.log', 'app.13.log'],
    ['app', 'app', 0, 'app', 'app.1'],
    ['a.000009.log', 'a.{seq}.log', 9, 'a.000000.log', 'a.000010.log'],
    ['a.1000000.log', 'a.{seq}.log', 1_000_000, 'a.000000.log', 'a.1000001.log'],
    ['d/2026-11-30.log', 'd/{yyyy}-{MM}-{dd}.log', 0, 'd/2026-11-30.log', 'd/2026-11-30.1.log'],
    ['2026/11/30/07', '{yyyy}/{MM}/{dd}/{HH}', 0, '2026/11/30/07', '2026/11/30/07.1'],
    ['web-1/77/app.3.log', '{hostname}/{pid}/app.log', 3, 'web-1/77/app.log', 'web-1/77/app.4.log'],
    ['web.example.com.2', '{hostname}', 2, 'web.example.com', 'web.example.com.3'],
    ['0a1b2c3d.log', '{id}.log', 0, '0a1b2c3d.log', '0a1b2c3d.1.log'],
    ['w/w-5.log', '{hostname}/{hostname}-{pid}.log', 0, 'w/w-5.log', 'w/w-5.1.log'],
    ['{a}/(x|y)+.log', '{{a}}/(x|y)+.log', 0, '{a}/(x|y)+.log', '{a}/(x|y)+.1.log'],
    ['a\nb.log', '{hostname}.log', 0, 'a\nb.log', 'a\nb.1.log'],
  ])('%j of the template %j', (key, template, sequence, first, next) => {
    expect(seriesOf(key, template)).toEqual({ sequence, first, next });
  });

  test.each([
    ['another name', 'other.log', 'app.log'],
    ['more before it', 'my/app.log', 'app.log'],
    ['more behind it', 'app.log.gz', 'app.log'],
    ['a sequence with a leading zero', 'app.01.log', 'app.log'],
    ['a sequence of 0', 'app.0.log', 'app.log'],
    ['a sequence with too few digits', 'a.00001.log', 'a.{seq}.log'],
    ['a sequence with too many zeros', 'a.0000001.log', 'a.{seq}.log'],
    ['a sequence that is no safe integer', 'app.90071992547409931.log', 'app.log'],
    ['two values for one field', 'v/w-5.log', '{hostname}/{hostname}-{pid}.log'],
    ['no digits for a day', '2026-11-x.log', '{yyyy}-{MM}-{dd}.log'],
    ['a dot that stands for any character', 'app+log', 'app.log'],
  ])('is none for %s', (_, key, template) => {
    expect(KeySeries.of(key, template)).toBe(undefined);
  });

  test('cannot be read from a template with an unknown field', () => {
    expect(() => KeySeries.of('app.log', '{week}.log')).toThrow(TypeError);
  });
});
