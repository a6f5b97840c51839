// variants.xml and comps.xml: the one variant and the one group that every compose but a raw configuration has. Built
// and escaped by xmlbuilder2; a character that XML cannot hold throws, and the engine refuses such names before.

import { create } from 'xmlbuilder2';

export const VARIANT = 'Temporary';
export const VARIANTS_FILE = 'variants.xml';
export const COMPS_FILE = 'comps.xml';

const GROUP = 'odcs-group';

export function variantsXml(arches: readonly string[]): string {
  return serialize({
    variants: {
      variant: { '@id': VARIANT, '@name': VARIANT, '@type': 'variant', arches: { arch: [...arches] } },
    },
  }, { pubID: '-//Red Hat, Inc.//DTD Variants info//EN', sysID: 'variants2012.dtd' });
}

export function compsXml(packages: readonly string[]): string {
  return serialize({
    comps: {
      group: {
        id: GROUP,
        name: GROUP,
        description: 'ODCS compose default group',
        default: 'true',
        uservisible: 'true',
        packagelist: { packagereq: [...packages] },
      },
    },
  }, { pubID: '-//Red Hat, Inc.//DTD Comps info//EN', sysID: 'comps.dtd' });
}

function serialize(content: object, type: { readonly pubID: string; readonly sysID: string }): string {
  return create({ version: '1.0', encoding: 'UTF-8' }, content).dtd(type).end({ prettyPrint: true, wellFormed: true });
}
