import { parseXml } from '../../parse-xml.js';
import { childrenOf, type XmlNode } from '../../xml-node.js';
import type { Content } from '../storage/content.js';
import { OssError } from './oss-error.js';

/**
 * Largest XML body in bytes: OSS's limit for 1,000 keys.
 *
 * @see https://help.aliyun.com/zh/oss/developer-reference/deletemultipleobjects
 */
export const maxXmlSize = 2 * 2 ** 20;

/** Most tags in a body: ten per key. Bounds the time to parse it. */
const maxTags = 10_000;

/**
 * Parses a body and returns its root element.
 *
 * @throws {OssError} If the body is not XML, or its root element is not `root`.
 */
export function parseXmlBody({ pieces }: Content, root: string): XmlNode {
  const element = parse(Buffer.concat(pieces));
  if (element.name !== root) throw malformedXml();
  return element;
}

/** The text of the first child called `name`; `undefined` if there is none or it has children. */
export function textOf(element: XmlNode, name: string): string | undefined {
  const child = childrenOf(element, name)[0];
  return child?.children.length === 0 ? child.text : undefined;
}

export function malformedXml(): OssError {
  const message =
    'The XML you provided was not well-formed or did not validate against our published schema.';
  return new OssError(400, 'MalformedXML', message);
}

function parse(bytes: Uint8Array): XmlNode {
  try {
    // Refuse invalid UTF-8: a replacement character would change the key.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (text.split('<', maxTags + 2).length > maxTags + 1) throw malformedXml();
    return checked(parseXml(text));
  } catch {
    throw malformedXml();
  }
}

/** Removes prefixes, which clients choose, and refuses lone surrogates such as `&#xD800;`. */
function checked({ name, text, children }: XmlNode): XmlNode {
  if (/\p{Surrogate}/u.test(text)) throw malformedXml();
  return { name: name.replace(/^.*:/, ''), text, children: children.map(checked) };
}
