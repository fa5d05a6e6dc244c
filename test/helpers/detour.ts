import { Agent, type Dispatcher } from 'undici';
import { onTestFinished } from 'vitest';

/** The requests of a client that take the detour: `times` of a method, from the nth on. */
export interface Detour {
  readonly method: 'HEAD' | 'POST';
  readonly nth: number;
  readonly times: number;

  /** Where they go instead. */
  readonly origin: string;

  /** Milliseconds of undici's connect timeout. Default: undici's. */
  readonly connectTimeout?: number;
}

/** A dispatcher that sends some requests to another origin, as if the network had changed. */
export function takeDetour({ method, nth, times, origin, connectTimeout }: Detour): Dispatcher {
  const agent = new Agent(
    connectTimeout === undefined ? {} : { connect: { timeout: connectTimeout } },
  );
  onTestFinished(() => agent.destroy());
  let seen = 0;
  return agent.compose((dispatch) => (options, handler) => {
    if (options.method === method) seen++;
    const isAway = options.method === method && seen >= nth && seen < nth + times;
    return dispatch(isAway ? { ...options, origin } : options, handler);
  });
}
