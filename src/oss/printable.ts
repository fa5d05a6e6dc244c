/** Makes foreign text fit for a message: one line, and not much of it. */
export function printable(text: string): string {
  // Format characters too: they can turn the rest of a line around.
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
