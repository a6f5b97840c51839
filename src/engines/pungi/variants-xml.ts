// variants.xml: the one variant of every compose except raw configurations.

import { VARIANT } from '../../compose/productmd.ts';
import { GROUP } from '../shared/comps.ts';
import { xmlElement, type XmlNode } from '../shared/xml.ts';

interface VariantContent {
  /** N:S:V:C. */
  readonly modules?: readonly string[];
  /** Koji tags; the variant gets all their modules. */
  readonly modularTags?: readonly string[];
  /** Whether comps.xml exists; the variant gets its group. */
  readonly hasGroup?: boolean;
}

/**
 * A variant without modules gets all groups by default. A variant with modules gets only the groups that it names.
 */
export function variantsXml(
  arches: readonly string[],
  { modules = [], modularTags = [], hasGroup = false }: VariantContent = {},
): string {
  const list: readonly XmlNode[] = [
    ...modules.map((name): XmlNode => ['module', {}, name]),
    ...modularTags.map((tag): XmlNode => ['kojitag', {}, tag]),
  ];
  const hasModules = list.length > 0;
  const variant: XmlNode = [
    'variant',
    { id: VARIANT, name: VARIANT, type: 'variant' },
    [
      ['arches', {}, arches.map((arch): XmlNode => ['arch', {}, arch])],
      ...(hasGroup && hasModules ? [['groups', {}, [['group', {}, GROUP]]] as const] : []),
      ...(hasModules ? [['modules', {}, list] as const] : []),
    ],
  ];
  const doctype = '<!DOCTYPE variants PUBLIC "-//Red Hat, Inc.//DTD Variants info//EN" "variants2012.dtd">';
  return `<?xml version="1.0" encoding="UTF-8"?>\n${doctype}${xmlElement(['variants', {}, [variant]])}\n`;
}
