import { parseXml } from '../../parse-xml.js';
import { childrenOf, type XmlNode } from '../../xml-node.js';
import type { Content } from '../storage/content.js';
import { OssError } from './oss-error.js';

/**
 * Most bytes of a body that is XML: what OSS takes for 1,000 keys.
 *
 * @see https://help.aliyun.com/zh/oss/developer-reference/deletemultipleobjects
 */
export const maxXmlSize = 2 * 2 ** 20;

/** Most tags of one: ten for each key. More would only cost the time to read them. */
const maxTags = 10_000;

/**
 * Reads the element `root` out of a body.
 *
 * @throws {OssError} If the body is no XML, or another document.
 */
export function parseXmlBody({ pieces }: Content, root: string): XmlNode {
  const element = parse(Buffer.concat(pieces));
  if (element.name !== root) throw malformedXml();
  return element;
}

/** The text of the first child called `name`, if that has no children; else `undefined`. */
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
    // Bytes that are not UTF-8 must not become another key.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (text.split('<', maxTags + 2).length > maxTags + 1) throw malformedXml();
    return checked(parseXml(text));
  } catch {
    throw malformedXml();
  }
}

/** Without prefixes, which clients may choose. `&#xD800;` stands for half a character. */
function checked({ name, text, children }: XmlNode): XmlNode {
  if (/\p{Surrogate}/u.test(text)) throw malformedXml();
  return { name: name.replace(/^.*:/, ''), text, children: children.map(checked) };
}
