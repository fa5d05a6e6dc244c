/** `exit`: the process or worker is ending; `beforeExit`: nothing keeps it alive any longer. */
type Ending = 'exit' | 'beforeExit';

const hooks = { exit: new Set<() => void>(), beforeExit: new Set<() => void>() };

/** Node's types have an overload for each event name, but none for a union of two. */
const events: NodeJS.EventEmitter = process;
const runAll = { exit: () => run('exit'), beforeExit: () => run('beforeExit') };

/**
 * Calls `hook` when the process or the worker exits. `hook` must be synchronous.
 *
 * @returns A function that removes the hook.
 */
export function onExit(hook: () => void): () => void {
  return add('exit', hook);
}

/**
 * Calls `hook` each time nothing keeps the process alive any longer. Work that `hook` starts keeps
 * the process alive again.
 *
 * @returns A function that removes the hook.
 */
export function onIdle(hook: () => void): () => void {
  return add('beforeExit', hook);
}

/** Adds one listener per event for all hooks: Node warns of more than ten. */
function add(ending: Ending, hook: () => void): () => void {
  // Before thread-stream's own exit listener, which ends the worker.
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
