import { inspect } from 'node:util';

/** Proxies to reach OSS through: URLs, empty for none. */
export interface Proxies {
  /** For endpoints without TLS. */
  readonly http: string;

  /** For endpoints with TLS; where it is empty, that of the others counts. */
  readonly https: string;

  /** Hosts that are reached without a proxy, as `NO_PROXY` spells them. */
  readonly none: string;
}

/**
 * Reads the option `proxy`, and the environment where that says so. `undefined` means that there is
 * none.
 *
 * @throws {TypeError} If it is neither a URL nor `'environment'`, or the environment has no URL.
 */
export function resolveProxies(act: string, proxy: unknown): Proxies | undefined {
  if (proxy === undefined) return undefined;
  if (proxy === 'environment') return environmentProxies(act);
  if (typeof proxy !== 'string') {
    throw new TypeError(
      `Cannot ${act} as 'proxy' must be a string: its type is ${proxy === null ? 'null' : typeof proxy}`,
    );
  }
  assertProxyUrl(act, 'proxy', "'environment' or an http: or https: URL", proxy);
  return { http: proxy, https: proxy, none: '' };
}

/** Host and port, and nothing that is secret. */
export function proxyAddress({ protocol, hostname, port }: URL): string {
  return `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;
}

function environmentProxies(act: string): Proxies | undefined {
  const http = environmentProxy(act, 'HTTP_PROXY');
  const https = environmentProxy(act, 'HTTPS_PROXY');
  if (http === '' && https === '') return undefined;
  return { http, https, none: variable('NO_PROXY').value };
}

/** A URL, which may come without `http://` there. */
function environmentProxy(act: string, upperCase: string): string {
  const { name, value } = variable(upperCase);
  if (value === '') return '';
  const url = value.includes('://') ? value : `http://${value}`;
  assertProxyUrl(act, name, 'an http: or https: URL', url);
  return url;
}

/** In lower case first, and even if it is empty, as undici has it. */
function variable(upperCase: string): { readonly name: string; readonly value: string } {
  const lowerCase = upperCase.toLowerCase();
  const name = process.env[lowerCase] === undefined ? upperCase : lowerCase;
  return { name, value: process.env[name]?.trim() ?? '' };
}

/** Shows of the value what can be no part of a password. */
function assertProxyUrl(act: string, name: string, rule: string, value: string): void {
  const fail = (fault: string) => {
    throw new TypeError(`Cannot ${act} as '${name}' must be ${rule}: ${fault}`);
  };
  if (!URL.canParse(value)) fail('it is no URL');
  const url = new URL(value);
  const { protocol, username, password, pathname, search, hash } = url;
  if (protocol !== 'http:' && protocol !== 'https:') fail(`it begins with ${inspect(protocol)}`);
  if (pathname !== '/' || search !== '' || hash !== '') {
    // An unencoded `/`, `?` or `#` in a password ends the host there.
    fail(
      value.includes('@')
        ? 'nothing may follow its host and port, and special characters in user and password must be percent-encoded'
        : `nothing may follow its host and port, ${proxyAddress(url)}`,
    );
  }
  // undici sends both or nothing.
  if ((username === '') !== (password === '')) {
    fail(`it must have both a user and a password, or neither, for ${proxyAddress(url)}`);
  }
  if (!isDecodable(username) || !isDecodable(password)) {
    fail(`user and password for ${proxyAddress(url)} must be percent-encoded UTF-8`);
  }
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
