import { styleText } from 'node:util';

/** Says something to whoever is watching. */
export function say(message: string): void {
  process.stderr.write(`${message}\n`);
}

/** Says what went wrong, in one line. */
export function complain(message: string): void {
  const label = 'oss-append:';
  const { stderr } = process;
  // Knows NO_COLOR and TERM=dumb.
  const isColored = stderr.isTTY && stderr.hasColors();
  say(
    `${isColored ? styleText('red', label, { validateStream: false }) : label} ${toLine(message)}`,
  );
}

/** Whatever a message holds, as one line that does nothing to a terminal. */
export function toLine(message: string): string {
  return message
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\p{Cc}/gu, '\ufffd')
    .trim();
}

/** An error's message, as a sentence. */
export function sentence({ message }: Error): string {
  const text = toLine(message);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
