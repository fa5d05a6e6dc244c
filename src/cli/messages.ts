import { styleText } from 'node:util';

/** Prints a message to standard error. */
export function say(message: string): void {
  process.stderr.write(`${message}\n`);
}

/** Prints what went wrong to standard error, in one line. */
export function complain(message: string): void {
  const label = 'oss-append:';
  const { stderr } = process;
  // `hasColors()` respects NO_COLOR and TERM=dumb.
  const isColored = stderr.isTTY && stderr.hasColors();
  say(
    `${isColored ? styleText('red', label, { validateStream: false }) : label} ${toLine(message)}`,
  );
}

/** Returns a message as one line without control characters. */
export function toLine(message: string): string {
  return message
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\p{Cc}/gu, '\ufffd')
    .trim();
}

/** Returns an error's message with a full stop. */
export function sentence({ message }: Error): string {
  const text = toLine(message);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
