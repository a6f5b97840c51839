// comps.xml with one group: the packages that the request asks for. Pungi reads the compact form and writes the indented
// form into a repository; the dnf engine writes the indented form itself.

import { VARIANT } from '../../compose/productmd.ts';
import { compareText } from '../../compose/rpm-version.ts';
import { xmlElement, type XmlNode } from './xml.ts';

export const GROUP = 'odcs-group';

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** The form that Pungi reads. */
export function compsXml(packages: readonly string[]): string {
  const doctype = '<!DOCTYPE comps PUBLIC "-//Red Hat, Inc.//DTD Comps info//EN" "comps.dtd">';
  return `${DECLARATION}${doctype}${xmlElement(comps(packages, {}))}\n`;
}

/** The form in a repository, byte for byte like Pungi's. */
export function repositoryCompsXml(packages: readonly string[]): string {
  const doctype = "<!DOCTYPE comps\n  PUBLIC '-//Red Hat, Inc.//DTD Comps info//EN'\n  'comps.dtd'>\n";
  const sorted = packages.toSorted(compareText);
  return `${DECLARATION}${doctype}${xmlElement(comps(sorted, { type: 'mandatory' }), true)}\n`;
}

/** Pungi's name of the file, which createrepo_c puts behind the checksum. */
export function repositoryCompsName(arch: string): string {
  return `comps-${VARIANT}.${arch}.xml`;
}

function comps(packages: readonly string[], attributes: Readonly<Record<string, string>>): XmlNode {
  const group: readonly XmlNode[] = [
    ['id', {}, GROUP],
    ['name', {}, GROUP],
    ['description', {}, 'ODCS compose default group'],
    ['default', {}, 'true'],
    ['uservisible', {}, 'true'],
    ['packagelist', {}, packages.map((name): XmlNode => ['packagereq', attributes, name])],
  ];
  return ['comps', {}, [['group', {}, group]]];
}
