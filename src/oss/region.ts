import { parseEndpoint } from './endpoint.js';

/**
 * Checks a region and removes the `oss-` prefix that older SDKs require.
 *
 * @see https://help.aliyun.com/zh/oss/user-guide/regions-and-endpoints
 */
export function normaliseRegion(act: string, region: string): string {
  const name = region.replace(/^oss-/, '');
  if (name.endsWith('-internal')) {
    throw new TypeError(
      `Cannot ${act} as 'region' must not name the internal endpoint: pass internal: true and the region "${name.replace(/-internal$/, '').slice(0, 200)}", current value is ${JSON.stringify(region.slice(0, 200))}`,
    );
  }
  if (/^[a-z\d](?:[a-z\d-]{0,40}[a-z\d])?$/.test(name)) return name;
  throw new TypeError(
    `Cannot ${act} as 'region' must be lower-case letters, digits and hyphens, such as cn-hangzhou: current value is ${JSON.stringify(region.slice(0, 200))}`,
  );
}

/** Region in a standard endpoint; `undefined` for any other, such as an accelerated one. */
export function regionOfEndpoint(act: string, endpoint: string): string | undefined {
  const { host } = parseEndpoint(act, endpoint);
  if (/^oss-accelerate(?:-overseas)?\.aliyuncs\.com$/.test(host)) return undefined;
  const [, single, dualStack] =
    /^(?:oss-([a-z\d-]+?)(?:-internal)?|([a-z\d-]+)\.oss)\.aliyuncs\.com$/.exec(host) ?? [];
  return single ?? dualStack;
}
