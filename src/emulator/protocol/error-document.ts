import type { Answer } from './answer.js';
import type { OssError } from './oss-error.js';

/** The parts of an error document that depend on the request, not on the error. */
export interface ErrorSite {
  readonly method: string;
  readonly requestId: string;

  /** The `Host` header of the request, which OSS calls `HostId`. */
  readonly hostId: string;
}

/**
 * Converts an error to OSS's answer. An answer to HEAD has no body, but the document in base64 in
 * `x-oss-err`.
 */
export function errorAnswer(error: OssError, site: ErrorSite): Answer {
  const document = Buffer.from(errorDocument(error, site));
  const headers: Record<string, string> = { 'content-type': 'application/xml' };
  if (error.details.ec !== undefined) headers['x-oss-ec'] = error.details.ec;
  Object.assign(headers, error.details.headers);
  if (site.method !== 'HEAD') {
    return {
      status: error.status,
      headers: { ...headers, 'content-length': String(document.byteLength) },
      body: document,
    };
  }
  return {
    status: error.status,
    headers: { ...headers, 'content-length': '0', 'x-oss-err': document.toString('base64') },
  };
}

function errorDocument(error: OssError, { requestId, hostId }: ErrorSite): string {
  const { ec, extras } = error.details;
  const elements: [name: string, text: string][] = [
    ['Code', error.code],
    ['Message', error.message],
    ['RequestId', requestId],
    ['HostId', hostId],
    ...Object.entries(extras ?? {}),
  ];
  if (ec !== undefined) {
    elements.push(['EC', ec]);
    elements.push(['RecommendDoc', `https://api.aliyun.com/troubleshoot?q=${ec}`]);
  }
  const lines = elements.map(([name, text]) => `  <${name}>${escapeXml(text)}</${name}>`);
  return ['<?xml version="1.0" encoding="UTF-8"?>', '<Error>', ...lines, '</Error>', ''].join('\n');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Escapes text for an XML element; characters not allowed in XML 1.0 become U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => entities[character] ?? character)
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');
}
