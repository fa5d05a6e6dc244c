/** `exit` is the last that a process, or a worker, runs; `beforeExit` is when nothing else keeps it. */
type Ending = 'exit' | 'beforeExit';

const hooks = { exit: new Set<() => void>(), beforeExit: new Set<() => void>() };

/** Node's types have an overload for each event, and none for one of two. */
const events: NodeJS.EventEmitter = process;
const runAll = { exit: () => run('exit'), beforeExit: () => run('beforeExit') };

/**
 * Has `run` called when the process, or the worker, exits; it must be done when it returns.
 *
 * @returns Takes it back.
 */
export function onExit(run: () => void): () => void {
  return add('exit', run);
}

/**
 * Has `run` called whenever nothing keeps the process alive any longer; what it begins does.
 *
 * @returns Takes it back.
 */
export function onIdle(run: () => void): () => void {
  return add('beforeExit', run);
}

/** One listener for all, however many there are. */
function add(ending: Ending, hook: () => void): () => void {
  // First, for the exit listener of thread-stream ends the worker.
  if (hooks[ending].size === 0) events.prependListener(ending, runAll[ending]);
  hooks[ending].add(hook);
  return () => {
    hooks[ending].delete(hook);
    if (hooks[ending].size === 0) events.off(ending, runAll[ending]);
  };
}

function run(ending: Ending): void {
  for (const hook of [...hooks[ending]]) hook();
}
