// Reads primary.xml into packages and holds the text of one package at a time. Runs in a worker thread.

import type { RpmPackage } from '../../compose/rpm-package.ts';
import { MetadataParser, type Attributes } from './metadata-parser.ts';

interface Draft {
  name: string;
  epoch: number;
  version: string;
  release: string;
  arch: string;
  sourceRpm: string | null;
  href: string;
  sizeBytes: number;
  checksumType: string;
  checksum: string;
  provides: string[];
  requires: string[];
  files: string[];
}

const OPERATORS: Readonly<Record<string, string>> = { EQ: '=', LT: '<', LE: '<=', GT: '>', GE: '>=' };
/** No white space, control character or slash, because names and versions become parts of file names and lines. */
const WORD = /^[^\s\u0000-\u001f\u007f/]{1,300}$/;

/** `onPackage` answers null, or a problem that ends the reading. */
export function primaryParser(onPackage: (pkg: RpmPackage) => string | null): MetadataParser {
  let draft: Draft | null = null;
  let relations: string[] | null = null;
  const parser = new MetadataParser('metadata', {
    open(name, attributes) {
      if (name === 'package') draft = attributes['type'] === 'rpm' ? emptyDraft() : null;
      if (!draft) return;
      if (name === 'rpm:entry') relations?.push(relation(attributes));
      else if (name === 'rpm:provides') relations = draft.provides;
      else if (name === 'rpm:requires') relations = draft.requires;
      else openField(draft, name, attributes);
    },
    close(name, content) {
      if (!draft) return;
      if (name === 'rpm:provides' || name === 'rpm:requires') relations = null;
      if (name !== 'package') return closeField(draft, name, content);
      const problem = refusePackage(draft) ?? onPackage(draft);
      if (problem !== null) parser.report(problem);
      draft = null;
    },
  });
  return parser;
}

function emptyDraft(): Draft {
  return {
    name: '',
    epoch: 0,
    version: '',
    release: '',
    arch: '',
    sourceRpm: null,
    href: '',
    sizeBytes: -1,
    checksumType: '',
    checksum: '',
    provides: [],
    requires: [],
    files: [],
  };
}

function openField(draft: Draft, name: string, attributes: Attributes): void {
  switch (name) {
    case 'version':
      draft.epoch = Number(attributes['epoch'] ?? 0);
      draft.version = attributes['ver'] ?? '';
      draft.release = attributes['rel'] ?? '';
      break;
    case 'checksum':
      draft.checksumType = attributes['type'] ?? '';
      break;
    case 'size':
      draft.sizeBytes = Number(attributes['package'] ?? -1);
      break;
    case 'location':
      draft.href = attributes['href'] ?? '';
      break;
  }
}

function closeField(draft: Draft, name: string, content: string): void {
  switch (name) {
    case 'name':
      draft.name = content.trim();
      break;
    case 'arch':
      draft.arch = content.trim();
      break;
    case 'checksum':
      draft.checksum = content.trim().toLowerCase();
      break;
    case 'rpm:sourcerpm':
      draft.sourceRpm = content.trim() || null;
      break;
    case 'file':
      draft.files.push(content);
      break;
  }
}

function relation({ name = '', flags, epoch, ver, rel }: Attributes): string {
  const operator = flags === undefined ? undefined : OPERATORS[flags];
  if (operator === undefined || ver === undefined) return name;
  const withEpoch = epoch === undefined || epoch === '0' ? ver : `${epoch}:${ver}`;
  return `${name} ${operator} ${rel === undefined ? withEpoch : `${withEpoch}-${rel}`}`;
}

function refusePackage(draft: Draft): string | null {
  const label = draft.name || draft.href || 'a package';
  for (const field of ['name', 'version', 'release', 'arch'] as const) {
    if (!WORD.test(draft[field])) return `has no usable ${field} for ${label}`;
  }
  if (!Number.isSafeInteger(draft.epoch) || draft.epoch < 0) return `has no usable epoch for ${label}`;
  if (!Number.isSafeInteger(draft.sizeBytes) || draft.sizeBytes <= 0) return `has no usable size for ${label}`;
  if (!/^[0-9a-f]+$/.test(draft.checksum)) return `has no usable checksum for ${label}`;
  return null;
}
