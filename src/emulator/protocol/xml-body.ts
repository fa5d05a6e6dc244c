import { XMLParser } from 'fast-xml-parser';
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

/** Elements by name, always as a list, since any may be repeated; text is under `#text`. */
export interface XmlNode {
  readonly [name: string]: readonly (XmlNode | string)[];
}

// Keep values as they are: a key may be all digits, and may begin or end with a space.
const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false,
  removeNSPrefix: true,
  isArray: () => true,
  // The parser's own decoder does not support numeric character references.
  entityDecoder: {
    decode: decodeEntities,
    setExternalEntities: () => {},
    addInputEntities: () => {},
    reset: () => {},
    setXmlVersion: () => {},
  },
});

/**
 * Parses a body and returns its root element.
 *
 * @throws {OssError} If the body is not XML, or its root element is not `root`.
 */
export function parseXmlBody({ pieces }: Content, root: string): XmlNode {
  const node = childrenOf(parse(Buffer.concat(pieces)), root)[0];
  if (node === undefined) throw malformedXml();
  return node;
}

/** The child elements called `name`; those with only text are returned as `{}`. */
export function childrenOf(node: XmlNode, name: string): readonly XmlNode[] {
  return valuesOf(node, name).map((value) => (typeof value === 'string' ? {} : value));
}

/** The text of the first child element called `name`; `undefined` if there is no such text. */
export function textOf(node: XmlNode, name: string): string | undefined {
  const value = valuesOf(node, name)[0];
  return typeof value === 'string' ? value : undefined;
}

export function malformedXml(): OssError {
  const message =
    'The XML you provided was not well-formed or did not validate against our published schema.';
  return new OssError(400, 'MalformedXML', message);
}

function valuesOf(node: XmlNode, name: string): readonly (XmlNode | string)[] {
  return Object.hasOwn(node, name) ? (node[name] ?? []) : [];
}

function parse(bytes: Uint8Array): XmlNode {
  try {
    // Refuse invalid UTF-8: a replacement character would change the key.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    // OSS accepts no document types, and entities declared in one could expand without limit.
    if (text.includes('<!DOCTYPE')) throw malformedXml();
    if (text.split('<', maxTags + 2).length > maxTags + 1) throw malformedXml();
    return parser.parse(text, true);
  } catch {
    throw malformedXml();
  }
}

const entities = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w{1,8}));/gi, (all, ...groups) => {
    const [decimal, hexadecimal, name] = groups;
    if (name !== undefined) return entities.get(name) ?? all;
    const code = Number(decimal ?? `0x${hexadecimal}`);
    const isHalf = code >= 0xd800 && code < 0xe000;
    if (code > 0x10ffff || isHalf) throw malformedXml();
    return String.fromCodePoint(code);
  });
}
