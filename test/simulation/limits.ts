/** Limits of the life of a seed, so that less happens in it. */
export interface Limits {
  /** Most moves of the user before the end of the stream. */
  readonly moves?: number | undefined;

  /** Number of requests after which no fault occurs any more. */
  readonly patience?: number | undefined;

  /** Names of events that do not happen at all. */
  readonly without?: ReadonlySet<string> | undefined;
}

/** The command that replays the life of a seed within limits. */
export function replayCommand(seed: number, { moves, patience, without }: Limits = {}): string {
  const flags = [
    `--seed ${seed}`,
    moves === undefined ? '' : `--moves ${moves}`,
    patience === undefined ? '' : `--patience ${patience}`,
    without === undefined || without.size === 0 ? '' : `--without ${[...without].join(',')}`,
  ];
  return `npm run simulate -- ${flags.filter((flag) => flag !== '').join(' ')}`;
}
