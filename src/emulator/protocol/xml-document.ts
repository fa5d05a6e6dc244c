import type { Answer } from './answer.js';

/** An element: its name, and its text or child elements. */
export type XmlElement = readonly [name: string, content: string | readonly XmlElement[]];

/** Returns an answer with an XML document. */
export function xmlAnswer(root: XmlElement): Answer {
  const body = Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${render(root, '')}`);
  return {
    status: 200,
    headers: { 'content-type': 'application/xml', 'content-length': String(body.byteLength) },
    body,
  };
}

/** Formats milliseconds since 1970 as OSS does in documents, in whole seconds. */
export function xmlTime(time: number): string {
  return new Date(Math.floor(time / 1000) * 1000).toISOString();
}

function render([name, content]: XmlElement, indent: string): string {
  if (typeof content === 'string') return `${indent}<${name}>${escapeMarkup(content)}</${name}>\n`;
  const inner = content.map((child) => render(child, `${indent}  `)).join('');
  return inner === ''
    ? `${indent}<${name}></${name}>\n`
    : `${indent}<${name}>\n${inner}${indent}</${name}>\n`;
}

/**
 * Keeps control characters: OSS also sends such keys as invalid XML, unless the client asks for
 * `encoding-type`. Only a carriage return is escaped, because parsers would read it as a line feed.
 */
function escapeMarkup(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#13;');
}
