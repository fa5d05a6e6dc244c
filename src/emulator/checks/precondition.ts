import { objectHeaders } from '../objects/object-headers.js';
import type { ObjectRecord } from '../objects/object-record.js';
import type { Answer } from '../protocol/answer.js';
import { OssError } from '../protocol/oss-error.js';

type Headers = ReadonlyMap<string, string>;
type Condition = (value: string, record: ObjectRecord) => boolean;

/** Conditions that fail with 412. */
const refusing: Readonly<Record<string, Condition>> = {
  'If-Match': matches,
  'If-Unmodified-Since': (value, record) => !(modifiedAt(record) > Date.parse(value)),
};

/** Conditions that fail with 304. */
const sparing: Readonly<Record<string, Condition>> = {
  'If-None-Match': (value, record) => !matches(value, record),
  'If-Modified-Since': (value, record) => !(modifiedAt(record) <= Date.parse(value)),
};

/**
 * Answers a read whose conditions do not hold; `undefined` if all hold.
 *
 * OSS documents each header by itself, but no precedence; so all are evaluated, and a 412 comes
 * before a 304. An invalid date is ignored.
 *
 * @throws {OssError} If a condition fails with 412.
 * @see https://help.aliyun.com/zh/oss/developer-reference/getobject
 */
export function answerUnmet(headers: Headers, record: ObjectRecord): Answer | undefined {
  const failed = findUnmet(refusing, headers, record);
  if (failed !== undefined) {
    const message = 'At least one of the pre-conditions you specified did not hold.';
    throw new OssError(412, 'PreconditionFailed', message, { extras: { Condition: failed } });
  }
  if (findUnmet(sparing, headers, record) === undefined) return undefined;
  return { status: 304, headers: objectHeaders(record) };
}

/**
 * Refuses conditions on a write, which OSS does not support.
 *
 * @see https://www.alibabacloud.com/help/en/oss/support/http-400-status-code
 */
export function assertUnconditional(headers: Headers): void {
  const name = Object.keys({ ...refusing, ...sparing }).find((name) =>
    headers.has(name.toLowerCase()),
  );
  if (name === undefined) return;
  const message = 'A header you provided implies functionality that is not implemented.';
  throw new OssError(400, 'NotImplemented', message, { extras: { Header: name } });
}

function findUnmet(
  conditions: Readonly<Record<string, Condition>>,
  headers: Headers,
  record: ObjectRecord,
): string | undefined {
  return Object.keys(conditions).find((name) => {
    const value = headers.get(name.toLowerCase());
    return value !== undefined && conditions[name]?.(value, record) === false;
  });
}

/** Clients send ETags with quotes and without. */
function matches(value: string, { etag }: ObjectRecord): boolean {
  const unquote = (text: string) => text.trim().replace(/^"(.*)"$/, '$1');
  const tags = value.split(',').map(unquote);
  return tags.includes('*') || tags.includes(unquote(etag));
}

/** Rounded down to seconds, the resolution of the headers. */
function modifiedAt({ lastModified }: ObjectRecord): number {
  return Math.floor(lastModified / 1000) * 1000;
}
