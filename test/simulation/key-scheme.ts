import { type Interval, labelLengths } from './local-period.js';
import type { Random } from './random.js';

/** The fields from which an application makes a key itself. */
interface KeyFields {
  readonly sequence: number;
  readonly startedAt: Date;
}

/** What a key says. */
export interface ParsedKey {
  /** Local time of its first byte; as many of its digits as the key shows, in the end none. */
  readonly date: string;
  readonly sequence: number;
}

const dates = {
  hour: '{yyyy}-{MM}-{dd}T{HH}',
  day: '{yyyy}-{MM}-{dd}',
  month: '{yyyy}-{MM}',
} as const;

const pattern =
  /^logs(?<date>[\dT-]*)\/k(?:-(?<id>[\da-f]{8}))?(?:-(?<sequence>\d{6,})|\.(?<suffix>\d+))?\.log$/;

/** How the keys of a life are made, as a template of the library or by a function, and read. */
export class KeyScheme {
  /** The option `key`. */
  readonly key: string | ((fields: KeyFields) => string);

  /** Whether no two streams make the same keys. */
  readonly isUnique: boolean;

  /** How many characters of the local time keys show; a function does not know the time zone. */
  readonly #dateLength: number;

  private constructor(key: KeyScheme['key'], isUnique: boolean, dateLength: number) {
    this.key = key;
    this.isUnique = isUnique;
    this.#dateLength = dateLength;
  }

  static draw(random: Random, interval: Interval | undefined): KeyScheme {
    const digits = drawDigits(random, interval);
    const length = digits === undefined ? 0 : labelLengths[digits];
    if (random.chance(0.2)) {
      return new KeyScheme(
        ({ sequence, startedAt }) => {
          return `logs${startedAt.toISOString().slice(0, length)}/k.${sequence}.log`;
        },
        false,
        length,
      );
    }
    const isUnique = random.chance(0.3);
    const id = isUnique ? '-{id}' : '';
    const sequence = random.chance(0.5) ? '-{seq}' : '';
    return new KeyScheme(
      `logs${digits ? dates[digits] : ''}/k${id}${sequence}.log`,
      isUnique,
      length,
    );
  }

  /** The key of an object that begins at this local time, unless keys are unique. */
  keyAt(localTime: string, sequence: number): string {
    const name = `logs${localTime.slice(0, this.#dateLength)}/k`;
    if (this.#hasSequence) return `${name}-${String(sequence).padStart(6, '0')}.log`;
    return sequence === 0 && !this.isFunction ? `${name}.log` : `${name}.${sequence}.log`;
  }

  get isFunction(): boolean {
    return typeof this.key === 'function';
  }

  get #hasSequence(): boolean {
    return typeof this.key === 'string' && this.key.includes('{seq}');
  }

  /** Whether a reader can know the keys: from no more than the date, and the number. */
  get isReadable(): boolean {
    return !this.isFunction && !this.isUnique;
  }

  parse(key: string): ParsedKey {
    const { date = '', sequence, suffix } = pattern.exec(key)?.groups ?? {};
    return { date, sequence: Number(sequence ?? suffix ?? 0) };
  }

  /** Whether the name of one object is behind that of the other. */
  isBehind(key: string, other: string): boolean {
    const [one, two] = [this.parse(key), this.parse(other)];
    return one.date === two.date ? one.sequence > two.sequence : one.date > two.date;
  }

  /** The key of the object after this one, with the same date. */
  next(key: string): string {
    const { sequence } = this.parse(key);
    const next = String(sequence + 1);
    return this.#hasSequence
      ? key.replace(/-\d+\.log$/, `-${next.padStart(6, '0')}.log`)
      : key.replace(/(\.\d+)?\.log$/, `.${next}.log`);
  }
}

/** What of the local time the keys show: at least the interval, where the library demands it. */
function drawDigits(
  random: Random,
  interval: Interval | undefined,
): keyof typeof dates | undefined {
  const all = ['hour', 'day', 'month'] as const;
  const enough = typeof interval === 'string' ? all.indexOf(interval) + 1 : 0;
  return random.pick(enough === 0 ? [undefined, undefined, 'day', 'hour'] : all.slice(0, enough));
}
