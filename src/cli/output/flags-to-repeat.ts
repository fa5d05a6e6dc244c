import type { Command } from 'commander';

/** Flags that apply to a single run and not to its replay, or that the saved file has. */
const once = new Set(['--json', '--quiet', '--fault', '--seed', '--conflict']);

/**
 * Returns the flags of `command` among `args` that `next` needs again: where the object is, and how
 * it is written.
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
