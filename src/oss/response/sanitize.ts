/** Needs no sanitizing; most request ids match. */
const plainWord = /^[\w-]{1,63}$/;

/** Makes text from outside safe for messages: one line, limited in length, without secrets. */
export function sanitize(text: string): string {
  if (plainWord.test(text)) return text;
  const line = text
    // Including format characters, which can reverse the direction of the text.
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    // No word or host label is this long: probably a signature or token that the server repeated.
    .replace(/[\w+/=]{64,}/g, '…')
    .trim();
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
