import { XMLParser } from 'fast-xml-parser';
import { type HttpAnswer, headerOf, sanitizedHeader } from '../http/message.js';
import { sanitize } from './sanitize.js';

/** The readable fields of an OSS error document, sanitized for messages. */
export interface ErrorDocument {
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  readonly ec?: string | undefined;

  /** Endpoint that the bucket's requests must be sent to. */
  readonly endpoint?: string | undefined;

  /** OSS's time, if the request was refused because of a wrong clock. */
  readonly serverTime?: string | undefined;
}

// Values stay strings: as numbers, long codes of digits would lose precision.
const parser = new XMLParser({ ignoreAttributes: true, parseTagValue: false });

/**
 * Reads the error document of an answer. Never throws: unreadable fields are `undefined`.
 *
 * The answer to a HEAD has no body; its document is in the header `x-oss-err`, as base64.
 *
 * @see https://help.aliyun.com/zh/oss/developer-reference/error-responses
 */
export function readErrorDocument({ headers, body }: HttpAnswer): ErrorDocument {
  const encoded = headerOf(headers, 'x-oss-err');
  const xml = body.byteLength > 0 ? body : Buffer.from(encoded ?? '', 'base64');
  const error = parse(xml.toString());
  return {
    code: textOf(error, 'Code'),
    message: textOf(error, 'Message'),
    ec: sanitizedHeader(headers, 'x-oss-ec') ?? textOf(error, 'EC'),
    endpoint: textOf(error, 'Endpoint'),
    serverTime: textOf(error, 'ServerTime') ?? textOf(member(error, 'Detail'), 'ServerTime'),
  };
}

function parse(xml: string): unknown {
  // OSS never sends a document type. Without one, no entities can be declared.
  if (xml.includes('<!DOCTYPE')) return undefined;
  try {
    return member(parser.parse(xml), 'Error');
  } catch {
    return undefined;
  }
}

function member(parent: unknown, name: string): unknown {
  if (typeof parent !== 'object' || parent === null) return undefined;
  return Object.hasOwn(parent, name) ? Reflect.get(parent, name) : undefined;
}

function textOf(parent: unknown, name: string): string | undefined {
  const value = member(parent, name);
  return typeof value === 'string' && value !== '' ? sanitize(value) : undefined;
}
