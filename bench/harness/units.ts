import { formatByteSize } from '../../src/quantity.js';

export const KiB = 1024;
export const MiB = 1024 * KiB;

/** `64 KiB`, `1 MiB`. */
export function sizeLabel(byteLength: unknown): string {
  return formatByteSize(Number(byteLength)).replace('.0 ', ' ');
}

export function markdownTable([head = [], ...rows]: readonly (readonly string[])[]): string {
  const rule = head.map(() => '---');
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Whether more of a figure is better, as with rates, but not with costs. */
export function isRate(figure: string): boolean {
  return figure.endsWith('/s');
}
