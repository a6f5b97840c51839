// Builds XML with xmldom, which escapes every text. A name from a request must not become markup, nor a second line of
// Pungi's kickstart file.

import { DOMImplementation, XMLSerializer, type Document, type Element } from '@xmldom/xmldom';

/** A name, attributes, and content: a text or elements. */
export type XmlNode = readonly [
  name: string,
  attributes: Readonly<Record<string, string>>,
  content: string | readonly XmlNode[],
];

/** `indented`: each element on a line of its own, two spaces a level. Throws when a text cannot be part of XML. */
export function xmlElement(root: XmlNode, indented = false): string {
  const document = new DOMImplementation().createDocument(null, '');
  return new XMLSerializer().serializeToString(toElement(document, root, indented ? '\n' : null), {
    requireWellFormed: true,
  });
}

/** `lineStart`: the line end and indentation before the element; null for compact XML. */
function toElement(document: Document, [name, attributes, content]: XmlNode, lineStart: string | null): Element {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (typeof content === 'string') {
    element.appendChild(document.createTextNode(content));
    return element;
  }
  const childStart = lineStart && `${lineStart}  `;
  for (const child of content) {
    if (childStart) element.appendChild(document.createTextNode(childStart));
    element.appendChild(toElement(document, child, childStart));
  }
  if (lineStart) element.appendChild(document.createTextNode(lineStart));
  return element;
}
