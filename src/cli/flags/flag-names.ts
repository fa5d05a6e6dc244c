import { appendOptionNames } from '../../stream/option-names.js';
import { UsageError } from '../exit-code.js';

/** Options whose flags have other names. */
const others: Readonly<Record<string, string>> = {
  key: 'the key',
  metadata: '--meta',
  'rollover.maxSize': '--rollover-size',
  'rollover.interval': '--rollover-interval',
  'rollover.timeZone': '--time-zone',
};

/** Rethrows every error of `check` as a {@link UsageError} that names flags, not options. */
export function checkFlags<Result>(check: () => Result): Result {
  try {
    return check();
  } catch (error) {
    throw new UsageError(nameFlags((error as Error).message), { cause: error });
  }
}

/** Names flags instead of the options that a message names. */
export function nameFlags(message: string): string {
  // What follows was typed, and is shown as it is.
  const [rule = '', ...value] = message.split(/(?=: current value is )/);
  const worded = rule.replaceAll(/'conflict: (\w+)'/g, '--conflict $1');
  const named = worded.replaceAll(/'([A-Za-z.]+)'/g, (quoted, name: string) => {
    const short = name.replace(/^retry\./, '');
    if (others[name] !== undefined) return others[name];
    const isOption = short !== name || appendOptionNames.includes(name);
    return isOption ? `--${short.replaceAll(/[A-Z]/g, (it) => `-${it.toLowerCase()}`)}` : quoted;
  });
  return [named, ...value].join('');
}
