/** Quotes a word for a POSIX shell where necessary. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Quotes words for a shell; `undefined` if one contains control characters. */
export function shellCommand(words: readonly string[]): string | undefined {
  if (words.some((word) => /\p{Cc}/u.test(word))) return undefined;
  return words.map(shellWord).join(' ');
}
