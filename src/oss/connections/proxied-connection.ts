import { Client, type Dispatcher, EnvHttpProxyAgent } from 'undici';
import { type Connection, connectionSettings } from './connection.js';
import { type Proxies, proxyAddress } from './proxies.js';

/**
 * A connection that leads through a proxy, unless `NO_PROXY` excepts its origin.
 *
 * To an endpoint with TLS the proxy is asked for a tunnel (CONNECT). An endpoint without TLS is
 * reached by requests that name the whole URL, for proxies such as squid allow CONNECT to port 443
 * only; undici makes a tunnel all the same where the way to the proxy itself has TLS.
 */
export class ProxiedConnection implements Connection {
  readonly #agent: EnvHttpProxyAgent;
  #proxy: string | undefined;

  constructor(origin: string, { http, https, none }: Proxies) {
    const { connect, ...keepAlive } = connectionSettings;
    this.#agent = new EnvHttpProxyAgent({
      httpProxy: http,
      httpsProxy: https,
      noProxy: none,
      proxyTunnel: false,
      connect,
      proxyTls: connect,
      requestTls: connect,
      clientFactory: (url, options) => {
        // Its answer to CONNECT is part of connecting.
        const client = new Client(url, { ...options, headersTimeout: connect.timeout });
        return withTunnels(client, () => this.#leadsThrough(url));
      },
      // One for each origin, and not a pool: nothing but one request at a time is sent on it.
      factory: (target, options) => {
        const url = new URL(target);
        if (url.origin !== origin) this.#leadsThrough(url);
        return new Client(url.origin, { ...keepAlive, connect: Reflect.get(options, 'connect') });
      },
    });
  }

  get proxy(): string | undefined {
    return this.#proxy;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    return this.#agent.dispatch(options, handler);
  }

  close(): Promise<void> {
    return this.#agent.close();
  }

  destroy(): Promise<void> {
    return this.#agent.destroy();
  }

  #leadsThrough(url: URL): void {
    this.#proxy = proxyAddress(url);
  }
}

/** Has a client of a proxy say why it made no tunnel. */
function withTunnels(client: Client, onConnect: () => void): Client {
  const send = client.connect.bind(client) as (
    options: Dispatcher.ConnectOptions,
  ) => Promise<Dispatcher.ConnectData>;
  const connect = async (options: Dispatcher.ConnectOptions) => {
    onConnect();
    const data = await send(options).catch((error: unknown) => {
      const isTimeout = error instanceof Error && error.name === 'HeadersTimeoutError';
      throw isTimeout ? new Error('it did not answer to CONNECT in time') : error;
    });
    if (data.statusCode === 200) return data;
    data.socket.on('error', () => {}).destroy();
    throw new Error(refusal(data.statusCode));
  };
  return Object.assign(client, { connect });
}

function refusal(status: number): string {
  const advice = status === 407 ? ': it wants a user and a password, or others' : '';
  return `it answered ${status} to CONNECT${advice}`;
}
