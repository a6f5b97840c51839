// The group of the packages that were asked for, in the form that Pungi leaves in a tree's repodata.

import { compareText } from '../dnf/gather.ts';
import { VARIANT } from './layout.ts';

const GROUP = 'odcs-group';

/** The name createrepo_c is to give it, after its checksum. */
export function compsFileName(arch: string): string {
  return `comps-${VARIANT}.${arch}.xml`;
}

export function compsXml(names: readonly string[]): string {
  const packages = names
    .toSorted(compareText)
    .map((name) => `      <packagereq type="mandatory">${escape(name)}</packagereq>`);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE comps',
    "  PUBLIC '-//Red Hat, Inc.//DTD Comps info//EN'",
    "  'comps.dtd'>",
    '<comps>',
    '  <group>',
    `    <id>${GROUP}</id>`,
    `    <name>${GROUP}</name>`,
    '    <description>ODCS compose default group</description>',
    '    <default>true</default>',
    '    <uservisible>true</uservisible>',
    '    <packagelist>',
    ...packages,
    '    </packagelist>',
    '  </group>',
    '</comps>',
    '',
  ].join('\n');
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
