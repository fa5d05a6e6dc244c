import { inspect } from 'node:util';

/** URLs of proxies; empty for none. */
export interface Proxies {
  /** For endpoints without TLS. */
  readonly http: string;

  /** For endpoints with TLS; if empty, `http` is used. */
  readonly https: string;

  /** Hosts that are reached without a proxy, as `NO_PROXY` spells them. */
  readonly none: string;
}

/**
 * Reads the option `proxy`, and for `'environment'` the environment variables. Returns `undefined`
 * if there is no proxy.
 *
 * @throws {TypeError} If it is neither a URL nor `'environment'`, or a variable is not a URL.
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

/** Host and port, without user and password. */
export function proxyAddress({ protocol, hostname, port }: URL): string {
  return `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;
}

function environmentProxies(act: string): Proxies | undefined {
  const http = environmentProxy(act, 'HTTP_PROXY');
  const https = environmentProxy(act, 'HTTPS_PROXY');
  if (http === '' && https === '') return undefined;
  return { http, https, none: variable('NO_PROXY').value };
}

/** Reads a URL, which may lack `http://` in a variable. */
function environmentProxy(act: string, upperCase: string): string {
  const { name, value } = variable(upperCase);
  if (value === '') return '';
  const url = value.includes('://') ? value : `http://${value}`;
  assertProxyUrl(act, name, 'an http: or https: URL', url);
  return url;
}

/** Reads a variable. The lower-case name has precedence even if it is empty, as in undici. */
function variable(upperCase: string): { readonly name: string; readonly value: string } {
  const lowerCase = upperCase.toLowerCase();
  const name = process.env[lowerCase] === undefined ? upperCase : lowerCase;
  return { name, value: process.env[name]?.trim() ?? '' };
}

/** Quotes in errors only what cannot be part of a password. */
function assertProxyUrl(act: string, name: string, rule: string, value: string): void {
  const fail = (fault: string) => {
    throw new TypeError(`Cannot ${act} as '${name}' must be ${rule}: ${fault}`);
  };
  if (!URL.canParse(value)) fail('it is not a URL');
  const url = new URL(value);
  const { protocol, username, password, pathname, search, hash } = url;
  if (protocol !== 'http:' && protocol !== 'https:') fail(`it begins with ${inspect(protocol)}`);
  if (pathname !== '/' || search !== '' || hash !== '') {
    // An unencoded `/`, `?` or `#` in a password ends the host early.
    fail(
      value.includes('@')
        ? 'nothing may follow its host and port, and special characters in user and password must be percent-encoded'
        : `nothing may follow its host and port, ${proxyAddress(url)}`,
    );
  }
  // undici sends credentials only if both are present.
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
