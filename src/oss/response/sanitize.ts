/** Needs nothing: most request ids are such words. */
const plainWord = /^[\w-]{1,63}$/;

/** Makes foreign text fit to be shown: one line, not much of it, and no secret. */
export function sanitize(text: string): string {
  if (plainWord.test(text)) return text;
  const line = text
    // Format characters too: they can turn the rest of a line around.
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    // No word is that long, nor a name in a host: a signature or a token, sent back.
    .replace(/[\w+/=]{64,}/g, '…')
    .trim();
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
