import sax from 'sax';
import type { XmlNode } from './xml-node.js';

type OpenNode = { name: string; text: string; children: XmlNode[] };

/**
 * Reads a document and returns its root, without attributes. Document types are refused: an entity
 * that is declared there could grow without end.
 *
 * @param isTolerant Whether to go on after an error and return what could be read: elements that
 *   were closed, and the root.
 * @throws {Error} If it has a document type, or not one root; where `isTolerant` is not set, also if
 *   it is not well-formed.
 */
export function parseXml(document: string, isTolerant = false): XmlNode {
  // Only the five entities of XML, and none of HTML; the types do not know the option.
  const options: sax.SAXOptions & { strictEntities: boolean } = { strictEntities: true };
  const parser = sax.parser(true, options);
  const open: OpenNode[] = [];
  let root: OpenNode | undefined;
  parser.onerror = (error) => {
    if (!isTolerant) throw error;
    parser.resume();
  };
  parser.ondoctype = () => {
    throw new Error('The document has a type');
  };
  parser.onopentag = ({ name }) => {
    const node = { name, text: '', children: [] };
    if (open.length === 0) {
      if (root !== undefined) throw new Error('The document has two roots');
      root = node;
    }
    open.push(node);
  };
  parser.onclosetag = () => {
    const closed = open.pop();
    if (closed !== undefined) open.at(-1)?.children.push(closed);
  };
  const add = (text: string) => {
    const node = open.at(-1);
    if (node !== undefined) node.text += text;
  };
  parser.ontext = add;
  parser.oncdata = add;
  parser.write(document).close();
  if (root === undefined) throw new Error('The document has no root');
  return root;
}
