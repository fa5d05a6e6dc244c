/** What is held back of the life of a seed, so that less happens in it. */
export interface Limits {
  /** Moves that the user makes at most, before he ends the stream. */
  readonly moves?: number | undefined;

  /** Requests after which nothing more goes wrong. */
  readonly patience?: number | undefined;

  /** What does not happen at all. */
  readonly without?: ReadonlySet<string> | undefined;
}

/** The command that lives the life of a seed again, within the limits. */
export function replayCommand(seed: number, { moves, patience, without }: Limits = {}): string {
  const flags = [
    `--seed ${seed}`,
    moves === undefined ? '' : `--moves ${moves}`,
    patience === undefined ? '' : `--patience ${patience}`,
    without === undefined || without.size === 0 ? '' : `--without ${[...without].join(',')}`,
  ];
  return `npm run simulate -- ${flags.filter((flag) => flag !== '').join(' ')}`;
}
