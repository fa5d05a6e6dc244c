import { loadOnce } from '../../load-once.js';
import { onlyChild, type XmlNode } from '../../xml-node.js';
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

const parser = loadOnce(() => import('../../parse-xml.js'));

/**
 * Loads the parser of error documents; see {@link loadOnce}. Called with the first request: importing
 * the package would take an eighth longer, and at the first refusal loading might fail, for want of
 * file descriptors or because a deployment has removed the file.
 */
export const loadErrorDocuments = parser.load;

/**
 * Reads the error document of an answer, once {@link loadErrorDocuments} has resolved. Never throws:
 * what cannot be read is empty.
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
    serverTime: textOf(error, 'ServerTime') ?? textOf(onlyChild(error, 'Detail'), 'ServerTime'),
  };
}

function parse(xml: string): XmlNode | undefined {
  try {
    const root = parser.loaded?.parseXml(xml, true);
    return root?.name === 'Error' ? root : undefined;
  } catch {
    return undefined;
  }
}

function textOf(parent: XmlNode | undefined, name: string): string | undefined {
  const element = onlyChild(parent, name);
  const text = element?.children.length === 0 ? element.text.trim() : '';
  return text === '' ? undefined : sanitize(text);
}
