// primary.xml, streamed into packages. Runs in a worker thread; what it holds at a time is one package's text.

import { SaxesParser } from 'saxes';
import type { RpmPackage } from '../../compose/rpm-package.ts';

export interface PrimaryReader {
  write(text: string): void;
  /** What is wrong with what was read so far; null while all is well. */
  problem(): string | null;
  /** Call at the end; a document that stops short is a problem too. */
  close(): void;
}

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

type Attributes = Readonly<Record<string, string>>;

const OPERATORS: Readonly<Record<string, string>> = { EQ: '=', LT: '<', LE: '<=', GT: '>', GE: '>=' };
/** No white space, control character or slash: names and versions become file names and lines. */
const WORD = /^[^\s\u0000-\u001f\u007f/]{1,300}$/;
const MAX_TEXT = 1024 * 1024;

export function readPrimary(onPackage: (pkg: RpmPackage) => string | null): PrimaryReader {
  const parser = new SaxesParser({ position: false });
  let problem: string | null = null;
  let depth = 0;
  let draft: Draft | null = null;
  let relations: string[] | null = null;
  let content = '';
  const fault = (what: string) => (problem ??= what);

  parser.on('error', (error) => void fault(`is not well-formed XML (${error.message}): it is damaged or truncated`));
  parser.on('opentag', (tag) => {
    const { name } = tag;
    const attributes = tag.attributes as Attributes;
    content = '';
    if (depth++ === 0 && name !== 'metadata') fault(`is not a list of packages (its root is <${name}>)`);
    if (attributes['xml:base'] !== undefined) fault('holds an xml:base, which would point out of the repository');
    if (name === 'package') draft = attributes['type'] === 'rpm' ? emptyDraft() : null;
    if (!draft) return;
    if (name === 'rpm:entry') relations?.push(relation(attributes));
    else if (name === 'rpm:provides') relations = draft.provides;
    else if (name === 'rpm:requires') relations = draft.requires;
    else openField(draft, name, attributes);
  });
  parser.on('text', (piece) => {
    content += piece;
    if (content.length > MAX_TEXT) fault('holds a text of more than 1 MiB');
  });
  parser.on('closetag', ({ name }) => {
    depth--;
    if (!draft) return;
    if (name === 'rpm:provides' || name === 'rpm:requires') relations = null;
    else if (name === 'package') {
      const wrong = refusePackage(draft) ?? onPackage(draft);
      if (wrong) fault(wrong);
      draft = null;
    } else closeField(draft, name, content);
  });
  return {
    write: (text) => void (problem === null && parser.write(text)),
    problem: () => problem,
    close: () => void (problem === null && parser.close()),
  };
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
