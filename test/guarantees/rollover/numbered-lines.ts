/** Lengths of the lines in turn: no sum of some is a size of a chunk or an object. */
const lengths = [50, 71, 64, 90, 41, 67, 83];

/** Line `number` of a life, with its line feed. No two lines of any lives are alike. */
export function lineOf(life: number, number: number): string {
  const length = lengths[number % lengths.length] ?? 0;
  return `${`life ${life}, line ${number} `.padEnd(length - 1, '.')}\n`;
}

/** The first lines of a life. */
export function linesOf(life: number, count: number): string[] {
  return Array.from({ length: count }, (_, number) => lineOf(life, number));
}
