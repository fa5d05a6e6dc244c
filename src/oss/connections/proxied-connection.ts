import { Client, type Dispatcher, EnvHttpProxyAgent } from 'undici';
import { type Connection, connectionSettings } from './connection.js';
import { type Proxies, proxyAddress } from './proxies.js';

/**
 * A connection through a proxy, unless `NO_PROXY` excludes its origin.
 *
 * For an endpoint with TLS the proxy is asked for a tunnel (CONNECT). For an endpoint without TLS
 * the proxy gets requests with the full URL, because proxies such as squid allow CONNECT only to
 * port 443; undici still uses a tunnel if the connection to the proxy itself has TLS.
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
        // Waiting for the answer to CONNECT is part of connecting.
        const client = new Client(url, { ...options, headersTimeout: connect.timeout });
        return withTunnels(client, () => this.#setProxy(url));
      },
      // A client instead of a pool: only one request at a time is sent.
      factory: (target, options) => {
        const url = new URL(target);
        if (url.origin !== origin) this.#setProxy(url);
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

  #setProxy(url: URL): void {
    this.#proxy = proxyAddress(url);
  }
}

/** Makes a proxy's client fail with the reason why there is no tunnel. */
function withTunnels(client: Client, onConnect: () => void): Client {
  const send = client.connect.bind(client) as (
    options: Dispatcher.ConnectOptions,
  ) => Promise<Dispatcher.ConnectData>;
  const connect = async (options: Dispatcher.ConnectOptions) => {
    onConnect();
    const data = await send(options).catch((error: unknown) => {
      const isTimeout = error instanceof Error && error.name === 'HeadersTimeoutError';
      throw isTimeout ? new Error('it did not answer CONNECT in time') : error;
    });
    if (data.statusCode === 200) return data;
    data.socket.on('error', () => {}).destroy();
    throw new Error(refusal(data.statusCode));
  };
  return Object.assign(client, { connect });
}

function refusal(status: number): string {
  const advice = status === 407 ? ': check its user and password' : '';
  return `it answered ${status} to CONNECT${advice}`;
}
