import { typeError } from '../assertions.js';
import type { DateUnit, Interval } from './calendar.js';
import { type LocalTime, localTimeIn } from './local-time.js';

/** What tells the keys of one stream apart. */
export interface KeyFields {
  /** Counts the objects of one date that the key shows from 0. */
  readonly sequence: number;

  /** When the first unit of the object was accepted. */
  readonly startedAt: Date;
}

/** What is the same in all keys of one stream: the values of `{hostname}`, `{pid}` and `{id}`. */
export interface KeyNames {
  readonly hostname: string;
  readonly pid: number;

  /** Eight random hex digits. */
  readonly id: string;
}

const dateFields = ['yyyy', 'MM', 'dd', 'HH'] as const;
const nameFields = ['hostname', 'pid', 'id'] as const;
const knownFields = [...dateFields, ...nameFields, 'seq'] as const;
export type Field = (typeof knownFields)[number];

/** Fields without which two periods would share a key. */
const fieldsOfUnit: Readonly<Record<DateUnit, readonly Field[]>> = {
  hour: ['yyyy', 'MM', 'dd', 'HH'],
  day: ['yyyy', 'MM', 'dd'],
  month: ['yyyy', 'MM'],
  year: ['yyyy'],
};

const neededFields: Readonly<Record<DateUnit, string>> = {
  hour: '{yyyy}, {MM}, {dd} and {HH}',
  day: '{yyyy}, {MM} and {dd}',
  month: '{yyyy} and {MM}',
  year: '{yyyy}',
};

/** The finest first. */
const unitsOfFields: readonly (readonly [Field, DateUnit])[] = [
  ['HH', 'hour'],
  ['dd', 'day'],
  ['MM', 'month'],
  ['yyyy', 'year'],
];

/** `suffix` is the place of `.k`, where the template has no `{seq}`. */
export type Part = { readonly text: string } | { readonly field: Field | 'suffix' };

/**
 * Makes keys from a template such as `logs/{yyyy}-{MM}-{dd}/{hostname}.log`.
 *
 * A literal brace is doubled. Without `{seq}`, a sequence above 0 is put before the extension:
 * `app.log`, `app.1.log`, `app.2.log`.
 */
export class KeyTemplate {
  /** As it was written. */
  readonly text: string;
  readonly #parts: readonly Part[];
  readonly #fields: ReadonlySet<Field | 'suffix'>;
  readonly #localTime: LocalTime;
  readonly #names: KeyNames;

  /**
   * @param act The action that fails, for the message, such as `create AppendWritable`.
   * @param timeZone Of the date fields.
   * @throws {TypeError} If the template has an unknown field or an unbalanced brace.
   */
  constructor(act: string, template: string, timeZone: string, names: KeyNames) {
    this.text = template;
    this.#parts = partsOf(act, template);
    this.#fields = new Set(this.#parts.flatMap((part) => ('field' in part ? [part.field] : [])));
    this.#localTime = localTimeIn(timeZone);
    this.#names = names;
  }

  key({ sequence, startedAt }: KeyFields): string {
    const values: Readonly<Record<Field | 'suffix', string | number>> = {
      ...this.#localTime.fieldsOf(startedAt.getTime()),
      ...this.#names,
      ...sequenceFields(sequence),
    };
    return this.#parts.map((part) => ('text' in part ? part.text : values[part.field])).join('');
  }

  /** Whether keys of different periods differ. They never show an interval in milliseconds. */
  shows(interval: Interval): boolean {
    return typeof interval !== 'number' && this.#has(fieldsOfUnit[interval]);
  }

  /** @throws {TypeError} If it does not {@link shows} the interval. */
  assertShows(act: string, interval: Exclude<Interval, number>): void {
    if (this.shows(interval)) return;
    const rule = `a template with ${neededFields[interval]}, which 'rollover.interval' needs`;
    throw typeError(act, 'key', rule, this.text);
  }

  /**
   * Checks that another process knows the keys of this template from the time and the sequence.
   *
   * @throws {TypeError} If it has a name, or a date that comes again, such as an hour without its day.
   */
  assertFollowable(act: string): void {
    const name = nameFields.find((field) => this.#fields.has(field));
    if (name !== undefined) {
      const rule = `a template without {${name}}, whose value only the writer knows`;
      throw typeError(act, 'key', rule, this.text);
    }
    const unit = this.dateUnit;
    if (unit === undefined || this.#has(fieldsOfUnit[unit])) return;
    const rule = `a template with ${neededFields[unit]}: without them its dates come again`;
    throw typeError(act, 'key', rule, this.text);
  }

  /** The finest part of the date that it shows, if any. */
  get dateUnit(): DateUnit | undefined {
    return unitsOfFields.find(([field]) => this.#fields.has(field))?.[1];
  }

  get hasSequence(): boolean {
    return this.#fields.has('seq');
  }

  /** Whether no other stream makes the same keys. */
  get isUnique(): boolean {
    return this.#fields.has('id');
  }

  #has(fields: readonly Field[]): boolean {
    return fields.every((field) => this.#fields.has(field));
  }
}

/** How the number of an object is written, with and without `{seq}` in the template. */
export function sequenceFields(sequence: number) {
  return {
    seq: String(sequence).padStart(6, '0'),
    suffix: sequence === 0 ? '' : `.${sequence}`,
  };
}

/**
 * @param act The action that fails, for the message.
 * @throws {TypeError} If the template has an unknown field or an unbalanced brace.
 */
export function partsOf(act: string, template: string): readonly Part[] {
  const parts = parse(act, template);
  const hasSequence = parts.some((part) => 'field' in part && part.field === 'seq');
  return hasSequence ? parts : withSuffix(parts);
}

type TemplatePart = { readonly text: string } | { readonly field: Field };

function parse(act: string, template: string): readonly TemplatePart[] {
  const tokens = template.matchAll(/\{\{|\}\}|\{(?<field>[^{}]*)\}|[{}]|[^{}]+/g);
  return Array.from(tokens, ([token, field]) => {
    if (field !== undefined) return { field: knownField(act, template, field) };
    if (token === '{' || token === '}') {
      const rule = 'a template with balanced braces (write {{ or }} for a literal one)';
      throw typeError(act, 'key', rule, template);
    }
    return { text: token === '{{' || token === '}}' ? token.charAt(0) : token };
  });
}

function knownField(act: string, template: string, name: string): Field {
  const field = knownFields.find((known) => known === name);
  if (field !== undefined) return field;
  const known = knownFields.map((each) => `{${each}}`).join(', ');
  const rule = `a template with no other fields than ${known} (write {{ or }} for a literal brace)`;
  throw typeError(act, 'key', rule, template);
}

/**
 * Puts the suffix before the last dot of the last path segment, or at the end. A dot in the value
 * of a field is no extension, nor is the first character of the segment.
 */
function withSuffix(parts: readonly TemplatePart[]): readonly Part[] {
  for (const [index, part] of [...parts.entries()].reverse()) {
    if (!('text' in part)) continue;
    const slash = part.text.lastIndexOf('/');
    const dot = part.text.lastIndexOf('.');
    const isFirst = dot === slash + 1 && (slash !== -1 || index === 0);
    if (dot > slash && !isFirst) {
      return [
        ...parts.slice(0, index),
        { text: part.text.slice(0, dot) },
        { field: 'suffix' },
        { text: part.text.slice(dot) },
        ...parts.slice(index + 1),
      ];
    }
    if (slash !== -1) break;
  }
  return [...parts, { field: 'suffix' }];
}
