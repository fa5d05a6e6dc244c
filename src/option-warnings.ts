import { closestMatch } from 'leven';

/** Names already warned of: once per process, not per stream. */
const warned = new Set<string>();

/**
 * Warns of names that differ from an option's only by case or by a letter or two. Other unknown
 * names are ignored, since loggers and frameworks add names of their own.
 */
export function warnOfMisspelt(options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const isCase = (other: string) => other.toLowerCase() === name.toLowerCase();
    // With a distance of 2 a short name would match unrelated options.
    const maxDistance = name.length < 6 ? 1 : 2;
    const meant = known.find(isCase) ?? closestMatch(name, [...known], { maxDistance });
    if (meant !== undefined) warn(name, meant);
  }
}

/** Warns of every unknown name in a nested option, to which loggers and frameworks add none. */
export function warnOfUnknown(path: string, options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    warn(`${path}.${name}`, `${path}.${closestMatch(name, [...known]) ?? known[0]}`);
  }
}

function warn(name: string, meant: string): void {
  if (warned.has(name)) return;
  warned.add(name);
  process.emitWarning(`Unknown option '${name}': did you mean '${meant}'?`, {
    type: 'OssAppendStreamWarning',
    code: 'APPEND_WARN_OPTION',
  });
}
