import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Calendar } from '../../src/rollover/calendar.js';
import { KeyTemplate } from '../../src/rollover/key-template.js';
import { calendarIntervals, timeZones } from './time-zones.js';

const act = 'create AppendWritable';
const names = { hostname: 'web-1.example.com', pid: 4711, id: '0badcafe' };
const startedAt = new Date('2026-03-04T22:07:08Z');

const keyOf = (template: string, sequence = 0, timeZone = 'UTC') =>
  new KeyTemplate(act, template, timeZone, names).key({ sequence, startedAt });

describe('KeyTemplate.key()', () => {
  test.each([
    ['app.log', 'app.log'],
    ['{yyyy}-{MM}-{dd}T{HH}', '2026-03-04T22'],
    ['{hostname}/{pid}/{id}', 'web-1.example.com/4711/0badcafe'],
    ['{seq}', '000000'],
    ['{seq}{seq}', '000000000000'],
    ['{{yyyy}}', '{yyyy}'],
    ['{{{yyyy}}}', '{2026}'],
    ['{{{{', '{{'],
    ['}}{{', '}{'],
    ['', ''],
    ['日志/{yyyy}.日志', '日志/2026.日志'],
  ])('makes of %j the key %j', (template, key) => {
    expect(keyOf(template)).toBe(key);
  });

  test.each([
    ['UTC', '2026-03-04T22'],
    ['Asia/Shanghai', '2026-03-05T06'],
    ['Asia/Kolkata', '2026-03-05T03'],
    ['America/New_York', '2026-03-04T17'],
  ])('has the date of %s', (timeZone, key) => {
    expect(keyOf('{yyyy}-{MM}-{dd}T{HH}', 0, timeZone)).toBe(key);
  });

  test.each([
    [0, '000000'],
    [1, '000001'],
    [999_999, '999999'],
    [1_000_000, '1000000'],
  ])('writes sequence %d with six digits or more', (sequence, digits) => {
    expect(keyOf('a-{seq}.log', sequence)).toBe(`a-${digits}.log`);
  });

  test.each([
    ['app.log', 'app.7.log'],
    ['app.tar.gz', 'app.tar.7.gz'],
    ['app', 'app.7'],
    ['app.', 'app.7.'],
    ['.log', '.log.7'],
    ['..log', '..7.log'],
    ['.a.log', '.a.7.log'],
    ['v1.2/app', 'v1.2/app.7'],
    ['v1.2/.app', 'v1.2/.app.7'],
    ['v1.2/{yyyy}', 'v1.2/2026.7'],
    ['v1.2/', 'v1.2/.7'],
    ['{hostname}', 'web-1.example.com.7'],
    ['{hostname}.log', 'web-1.example.com.7.log'],
    ['a.{hostname}', 'a.7.web-1.example.com'],
    ['a.b{hostname}c', 'a.7.bweb-1.example.comc'],
    ['a.b{pid}c.d', 'a.b4711c.7.d'],
    ['a.b{pid}/{id}', 'a.b4711/0badcafe.7'],
    ['a.b{pid}/c', 'a.b4711/c.7'],
    ['a.b/{hostname}', 'a.b/web-1.example.com.7'],
    ['{hostname}/.log', 'web-1.example.com/.log.7'],
    ['.{hostname}', '.web-1.example.com.7'],
    ['{{.log', '{.7.log'],
    ['a.log}}', 'a.7.log}'],
    ['a.{{log', 'a.7.{log'],
    ['', '.7'],
  ])('makes of %j for sequence 7 the key %j', (template, key) => {
    expect(keyOf(template, 7)).toBe(key);
  });

  test('has the bare name for sequence 0, and digits without zeros behind it', () => {
    const keys = [0, 1, 2, 10, 1_000_000].map((sequence) => keyOf('app.log', sequence));

    expect(keys).toEqual(['app.log', 'app.1.log', 'app.2.log', 'app.10.log', 'app.1000000.log']);
  });

  test('puts a sequence where the template says, and nowhere else', () => {
    expect(keyOf('{seq}/app.log', 7)).toBe('000007/app.log');
  });
});

describe('KeyTemplate', () => {
  test.each(['{', '}', 'a{', '}a', '{seq', 'seq}', '{{seq}', '{seq}}', '{{{', '{a{seq}}'])(
    'refuses the unbalanced brace of %j',
    (template) => {
      expect(() => keyOf(template)).toThrow(
        new TypeError(
          "Cannot create AppendWritable as 'key' must be a template with balanced braces (write {{ " +
            `or }} for a literal one): current value is '${template}'`,
        ),
      );
    },
  );

  test.each(['{}', '{YYYY}', '{ seq }', '{mm}', '{constructor}', '{suffix}', 'a{seq}{b/c}'])(
    'refuses the unknown field of %j',
    (template) => {
      expect(() => keyOf(template)).toThrow(
        new TypeError(
          "Cannot create AppendWritable as 'key' must be a template with no other fields than " +
            '{yyyy}, {MM}, {dd}, {HH}, {hostname}, {pid}, {id}, {seq} (write {{ or }} for a literal ' +
            `brace): current value is '${template}'`,
        ),
      );
    },
  );

  test.each([
    { template: 'app.log', shown: [] },
    { template: '{yyyy}', shown: [] },
    { template: '{MM}{dd}{HH}', shown: [] },
    { template: '{yyyy}{dd}{HH}', shown: [] },
    { template: '{yyyy}{MM}{HH}', shown: ['month'] },
    { template: '{MM}-{yyyy}', shown: ['month'] },
    { template: '{yyyy}{MM}{dd}', shown: ['day', 'month'] },
    { template: '{HH}{dd}{MM}{yyyy}', shown: ['hour', 'day', 'month'] },
    { template: '{{yyyy}}{{MM}}', shown: [] },
  ])('shows $shown with $template', ({ template, shown }) => {
    const made = new KeyTemplate(act, template, 'UTC', names);

    expect(calendarIntervals.filter((interval) => made.shows(interval))).toEqual(shown);
    expect(made.shows(3_600_000)).toBe(false);
  });

  test.each([
    { template: 'app.log', dateUnit: undefined, hasSequence: false, isUnique: false },
    { template: '{yyyy}', dateUnit: 'year', hasSequence: false, isUnique: false },
    { template: '{MM}', dateUnit: 'month', hasSequence: false, isUnique: false },
    { template: '{dd}{yyyy}', dateUnit: 'day', hasSequence: false, isUnique: false },
    { template: '{HH}-{MM}', dateUnit: 'hour', hasSequence: false, isUnique: false },
    { template: '{seq}', dateUnit: undefined, hasSequence: true, isUnique: false },
    { template: '{id}', dateUnit: undefined, hasSequence: false, isUnique: true },
    { template: '{hostname}{pid}', dateUnit: undefined, hasSequence: false, isUnique: false },
    { template: '{{id}}{{seq}}', dateUnit: undefined, hasSequence: false, isUnique: false },
  ])('knows what $template has', ({ template, ...expected }) => {
    const { dateUnit, hasSequence, isUnique } = new KeyTemplate(act, template, 'UTC', names);

    expect({ dateUnit, hasSequence, isUnique }).toEqual(expected);
  });
});

describe('keys', () => {
  const fields = ['yyyy', 'MM', 'dd', 'HH', 'hostname', 'pid', 'id', 'seq'].map(
    (name) => `{${name}}`,
  );
  /** Dots, slashes and digits, between which fields could hide. */
  const literal = fc.string({ unit: fc.constantFrom('a', '.', '/', '-', '0', '1', '{{', '}}') });
  const template = fc
    .array(fc.oneof(fc.constantFrom(...fields), literal))
    .map((parts) => parts.join(''));

  test('contain literal text as it was', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(text, text, (before, behind) => {
        const double = (part: string) => part.replaceAll('{', '{{').replaceAll('}', '}}');

        expect(keyOf(`${double(before)}{seq}${double(behind)}`)).toBe(`${before}000000${behind}`);
        expect(keyOf(double(before))).toBe(before);
      }),
    );
  });

  test('differ by sequence and period, where the template shows the interval', () => {
    const period = fc.record({
      // Years of four digits.
      instant: fc.integer({ min: Date.UTC(1970, 1), max: Date.UTC(9999, 10) }),
      sequence: fc.oneof(fc.nat(12), fc.nat(2_000_000)),
    });
    const shifted = fc.constantFrom(0, 1, 24, 31 * 24, 365 * 24).map((hours) => hours * 3_600_000);
    let compared = 0;
    fc.assert(
      fc.property(
        template,
        fc.constantFrom(...timeZones),
        fc.constantFrom(...calendarIntervals),
        period,
        fc.oneof(fc.record({ shift: shifted, sequence: fc.nat(12) }), period),
        (drawn, timeZone, interval, first, other) => {
          const date = { hour: '{yyyy}{MM}{dd}{HH}', day: '{dd}{MM}{yyyy}', month: '{MM}{yyyy}' };
          // Half of them show the interval by chance or not at all, which is skipped.
          for (const text of [drawn, `${date[interval]}${drawn}`, `${drawn}${date[interval]}`]) {
            const made = new KeyTemplate(act, text, timeZone, names);
            const calendar = new Calendar(interval, timeZone);
            const instant = 'instant' in other ? other.instant : first.instant + other.shift;
            const second = { instant, sequence: other.sequence };
            const isSamePeriod = calendar.labelOf(instant) === calendar.labelOf(first.instant);
            if (isSamePeriod && first.sequence === second.sequence) continue;
            if (!isSamePeriod && !made.shows(interval)) continue;
            compared++;
            const [one, two] = [first, second].map(({ instant, sequence }) =>
              made.key({ sequence, startedAt: new Date(instant) }),
            );
            expect(one).not.toBe(two);
          }
        },
      ),
      { numRuns: 1000 },
    );
    expect(compared).toBeGreaterThan(1000);
  });

  test('are the same throughout a period, if they have no finer field', () => {
    const calendar = new Calendar('day', 'America/New_York');
    const made = new KeyTemplate(act, '{yyyy}-{MM}-{dd}', 'America/New_York', names);
    for (const date of ['2026-03-08T12:00Z', '2026-11-01T12:00Z', '2026-11-30T12:00Z']) {
      const start = calendar.startOf(Date.parse(date));
      const keys = [start - 1, start, start + 22 * 3_600_000].map((instant) =>
        made.key({ sequence: 0, startedAt: new Date(instant) }),
      );

      expect(keys[1]).toBe(calendar.labelOf(start));
      expect(keys[2]).toBe(keys[1]);
      expect(keys[0]).not.toBe(keys[1]);
    }
  });
});
