import type { Answer } from './answer.js';

/** An element: its name, and its text or what is in it. */
export type XmlElement = readonly [name: string, content: string | readonly XmlElement[]];

/** Answers with a document. */
export function xmlAnswer(root: XmlElement): Answer {
  const body = Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${render(root, '')}`);
  return {
    status: 200,
    headers: { 'content-type': 'application/xml', 'content-length': String(body.byteLength) },
    body,
  };
}

/** Milliseconds since 1970 as OSS writes them in documents: the second is all it knows. */
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
 * Control characters stay as they are: OSS sends keys so, unreadable as XML, which is what
 * `encoding-type` is for. Only a bare carriage return would silently be read as another character.
 */
function escapeMarkup(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#13;');
}
