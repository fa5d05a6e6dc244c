/** The text of a line; no two numbers have the same. */
export function textOf(number: number): string {
  return `line ${number} ${String.fromCharCode(97 + (number % 26)).repeat(30)}`;
}

/** Logs the lines from `first` to `last`. */
export function logLines(
  log: (fields: { readonly n: number }, text: string) => void,
  first: number,
  last: number,
): void {
  for (let n = first; n <= last; n++) log({ n }, textOf(n));
}
