import type { Command } from 'commander';
import { shellWord } from '../../shell-word.js';

/** Flags that belong to one run, and not to the next that goes on with it. */
const once = new Set([...['--json', '--quiet', '--fault', '--seed']]);

/**
 * The flags of `command` among `args` that `next`, which goes on, needs again: where the object is,
 * and how it is written to.
 */
export function flagsToRepeat(
  { options }: Command,
  args: readonly string[],
  next: Command,
): readonly string[] {
  const flags: string[] = [];
  for (let index = 0; index < args.length && args[index] !== '--'; index++) {
    const arg = args[index] as string;
    const [name = ''] = arg.split('=', 1);
    const option = options.find(({ long }) => long === name);
    if (option === undefined) continue;
    const hasValueBehind = option.required && !arg.includes('=');
    const taken = args.slice(index, index + (hasValueBehind ? 2 : 1));
    index += taken.length - 1;
    const isKnown = next.options.some(({ long }) => long === name);
    if (isKnown && !once.has(name)) flags.push(...taken);
  }
  return flags;
}

/** Writes words as a shell reads them; `undefined` where one has what no line can show. */
export function shellCommand(words: readonly string[]): string | undefined {
  if (words.some((word) => /\p{Cc}/u.test(word))) return undefined;
  return words.map(shellWord).join(' ');
}
