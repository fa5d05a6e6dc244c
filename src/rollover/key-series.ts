import { type Field, type Part, partsOf, sequenceFields } from './key-template.js';

/** What the fields of a key look like. */
const patterns: Readonly<Record<Field | 'suffix', string>> = {
  yyyy: '\\d{4,}',
  MM: '\\d\\d',
  dd: '\\d\\d',
  HH: '\\d\\d',
  hostname: '.+?',
  pid: '\\d+',
  id: '[0-9a-f]{8}',
  seq: '\\d{6,}',
  suffix: '(?:\\.[1-9]\\d*)?',
};

/**
 * The keys that another process made from a template: those that have all fields in common with one
 * of them but the sequence, and so belong to the same period.
 */
export class KeySeries {
  readonly #parts: readonly Part[];
  readonly #values: Readonly<Record<string, string>>;

  /** Sequence of the key. */
  readonly sequence: number;

  private constructor(parts: readonly Part[], values: Readonly<Record<string, string>>) {
    this.#parts = parts;
    this.#values = values;
    this.sequence = Number((values.seq ?? values.suffix ?? '').replace('.', ''));
  }

  /**
   * Returns the series that `key` belongs to; `undefined` if the template does not make such keys.
   *
   * @throws {TypeError} If the template has an unknown field or an unbalanced brace.
   */
  static of(key: string, template: string): KeySeries | undefined {
    const parts = partsOf('read the key', template);
    const values = patternOf(parts).exec(key)?.groups;
    const series = values && new KeySeries(parts, values);
    // Not so if the sequence has leading zeros, or too many digits.
    return series?.keyAt(series.sequence) === key ? series : undefined;
  }

  keyAt(sequence: number): string {
    const values = { ...this.#values, ...sequenceFields(sequence) };
    return this.#parts
      .map((part) => ('text' in part ? part.text : Reflect.get(values, part.field)))
      .join('');
  }
}

function patternOf(parts: readonly Part[]): RegExp {
  const known = new Set<string>();
  const pieces = parts.map((part) => {
    if ('text' in part) return part.text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
    const { field } = part;
    // A field that is there twice has one value.
    if (known.has(field)) return `\\k<${field}>`;
    known.add(field);
    return `(?<${field}>${patterns[field]})`;
  });
  return new RegExp(`^${pieces.join('')}$`, 's');
}
