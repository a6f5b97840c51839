// repomd.xml: which metadata files a repository has, and their sizes and checksums. Everything else that is read of a
// repository is checked against what stands here.

import { SaxesParser } from 'saxes';
import { invalid } from '../../upstreams/http/address-guard.ts';
import type { ComposeFailure } from '../../compose/failure.ts';
import { algorithmOf, type Expected } from '../../upstreams/http/checksum.ts';
import { refuseHref } from './href.ts';

export interface MetadataFile extends Expected {
  readonly type: string;
  readonly href: string;
  /** Of what it unpacks to; null where it is not told. */
  readonly openSizeBytes: number | null;
}

export interface Repomd {
  readonly revision: string | null;
  readonly files: ReadonlyMap<string, MetadataFile>;
}

export const MAX_REPOMD_BYTES = 4 * 1024 * 1024;

interface Draft {
  type: string;
  href: string;
  checksumType: string;
  checksum: string;
  size: string;
  openSize: string;
}

export function parseRepomd(
  text: string,
  location: string,
): { readonly repomd: Repomd } | { readonly failure: ComposeFailure } {
  const parser = new SaxesParser({ position: false });
  const files = new Map<string, MetadataFile>();
  let problem: string | null = null;
  let root: string | null = null;
  let revision: string | null = null;
  let draft: Draft | null = null;
  let content = '';
  const fault = (what: string) => (problem ??= what);
  parser.on(
    'error',
    (error) => void fault(`is not well-formed XML (${error.message}): it is truncated, or not repository metadata`),
  );
  parser.on('opentag', (tag) => {
    const { name } = tag;
    const attributes = tag.attributes as Readonly<Record<string, string>>;
    root ??= name;
    content = '';
    const attribute = (key: string) => attributes[key] ?? '';
    if ('xml:base' in attributes) fault('holds an xml:base, which would point out of the repository');
    if (name === 'data')
      draft = { type: attribute('type'), href: '', checksumType: '', checksum: '', size: '', openSize: '' };
    if (name === 'location' && draft) draft.href = attribute('href');
    if (name === 'checksum' && draft) draft.checksumType = attribute('type');
  });
  parser.on('text', (piece) => void (content += piece));
  parser.on('closetag', ({ name }) => {
    const value = content.trim();
    if (name === 'revision' && !draft) revision = value || null;
    if (!draft) return;
    if (name === 'checksum') draft.checksum = value.toLowerCase();
    if (name === 'size') draft.size = value;
    if (name === 'open-size') draft.openSize = value;
    if (name === 'data') {
      const file = finish(draft);
      if (typeof file === 'string') fault(file);
      else files.set(file.type, file);
      draft = null;
    }
  });
  parser.write(text).close();
  if (problem !== null) return invalid(`${location}: repodata/repomd.xml ${problem as string}`);
  if (root !== 'repomd')
    return invalid(`${location}: repodata/repomd.xml is not repository metadata (its root is <${root ?? ''}>)`);
  return { repomd: { revision, files } };
}

function finish({ type, href, checksumType, checksum, size, openSize }: Draft): MetadataFile | string {
  const refusal = refuseHref(href);
  if (refusal) return `points to ${type} at “${href}”: ${refusal}`;
  if (!algorithmOf(checksumType) || !/^[0-9a-f]+$/.test(checksum))
    return `has no usable checksum for ${type} (type “${checksumType}”)`;
  return { type, href, checksumType, checksum, sizeBytes: number(size), openSizeBytes: number(openSize) };
}

function number(text: string): number | null {
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}
