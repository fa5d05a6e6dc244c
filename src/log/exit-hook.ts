const hooks = new Set<() => void>();

/**
 * Has `run` called when the process, or the worker, exits; it must be done when it returns.
 *
 * One listener for all, however many there are.
 *
 * @returns Takes it back.
 */
export function onExit(run: () => void): () => void {
  // First, for that of thread-stream ends the worker.
  if (hooks.size === 0) process.prependListener('exit', runAll);
  hooks.add(run);
  return () => {
    hooks.delete(run);
    if (hooks.size === 0) process.off('exit', runAll);
  };
}

function runAll(): void {
  for (const run of hooks) run();
}
