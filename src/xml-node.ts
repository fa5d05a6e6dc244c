/** An element of a document. */
export interface XmlNode {
  /** With its prefix, if it has one. */
  readonly name: string;

  /** What stands directly in it, in one piece; entities are resolved. */
  readonly text: string;
  readonly children: readonly XmlNode[];
}

/** The only child called `name`; `undefined` where there is none, or more than one. */
export function onlyChild(element: XmlNode | undefined, name: string): XmlNode | undefined {
  const found = element === undefined ? [] : childrenOf(element, name);
  return found.length === 1 ? found[0] : undefined;
}

/** The children called `name`. */
export function childrenOf(element: XmlNode, name: string): readonly XmlNode[] {
  return element.children.filter((child) => child.name === name);
}
