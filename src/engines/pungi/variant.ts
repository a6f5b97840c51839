// variants.xml and comps.xml: the one variant and the one group that every compose but a raw configuration has. Built as
// a document and serialised, and so escaped, by xmldom. (A builder that leaves `&#10;` in a name as it is would let a
// name become two lines of Pungi's kickstart.)

import { DOMImplementation, XMLSerializer, type Document, type Element } from '@xmldom/xmldom';

export const VARIANT = 'Temporary';
export const VARIANTS_FILE = 'variants.xml';
export const COMPS_FILE = 'comps.xml';

const GROUP = 'odcs-group';

/** A name, attributes, and what is in it: text or elements. */
type Node = readonly [name: string, attributes: Readonly<Record<string, string>>, content: string | readonly Node[]];

export interface VariantContent {
  /** N:S:V:C. */
  readonly modules?: readonly string[];
  /** Koji tags all of whose modules are part of it. */
  readonly modularTags?: readonly string[];
  /** Whether there is a comps.xml, whose group is part of it. */
  readonly hasGroup?: boolean;
}

/** Beside modules Pungi takes no group that is not named; without any it takes all groups that there are. */
export function variantsXml(
  arches: readonly string[],
  { modules = [], modularTags = [], hasGroup = false }: VariantContent = {},
): string {
  const list: Node[] = [
    ...modules.map((name): Node => ['module', {}, name]),
    ...modularTags.map((tag): Node => ['kojitag', {}, tag]),
  ];
  const variant: Node = [
    'variant',
    { id: VARIANT, name: VARIANT, type: 'variant' },
    [
      ['arches', {}, arches.map((arch): Node => ['arch', {}, arch])],
      ...(hasGroup && list.length > 0 ? [['groups', {}, [['group', {}, GROUP]]] as const] : []),
      ...(list.length > 0 ? [['modules', {}, list] as const] : []),
    ],
  ];
  return serialize(['variants', {}, [variant]], '-//Red Hat, Inc.//DTD Variants info//EN', 'variants2012.dtd');
}

export function compsXml(packages: readonly string[]): string {
  const group: Node = [
    'group',
    {},
    [
      ['id', {}, GROUP],
      ['name', {}, GROUP],
      ['description', {}, 'ODCS compose default group'],
      ['default', {}, 'true'],
      ['uservisible', {}, 'true'],
      ['packagelist', {}, packages.map((name): Node => ['packagereq', {}, name])],
    ],
  ];
  return serialize(['comps', {}, [group]], '-//Red Hat, Inc.//DTD Comps info//EN', 'comps.dtd');
}

function serialize(root: Node, publicId: string, systemId: string): string {
  const implementation = new DOMImplementation();
  const type = implementation.createDocumentType(root[0], `"${publicId}"`, `"${systemId}"`);
  const document = implementation.createDocument(null, '', type);
  document.appendChild(toElement(document, root));
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(document, { requireWellFormed: true })}\n`;
}

function toElement(document: Document, [name, attributes, content]: Node): Element {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (typeof content === 'string') element.appendChild(document.createTextNode(content));
  else for (const child of content) element.appendChild(toElement(document, child));
  return element;
}
