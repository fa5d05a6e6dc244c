/** Collects warnings and errors that a healthy process never emits. */
export function watchForTroubles(): readonly string[] {
  const troubles: string[] = [];
  process.on('warning', ({ name, message }) => troubles.push(`${name}: ${message}`));
  process.on('unhandledRejection', (reason) =>
    troubles.push(`unhandled rejection: ${show(reason)}`),
  );
  process.on('uncaughtException', (error) => troubles.push(`uncaught exception: ${show(error)}`));
  return troubles;
}

function show(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}
