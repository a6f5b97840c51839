// repomd.xml: the metadata files of a repository with their sizes and checksums. All other files that are read of a
// repository are checked against it.

import { invalidSource, type Answer } from '../../upstreams/answer.ts';
import { algorithmOf, type Expected } from '../../upstreams/http/checksum.ts';
import { refuseHref } from './href.ts';
import { MetadataParser } from './metadata-parser.ts';

export interface MetadataFile extends Expected {
  readonly type: string;
  readonly href: string;
  /** Size of the unpacked file; null if the repository does not give it. */
  readonly openSizeBytes: number | null;
}

export interface Repomd {
  readonly revision: string | null;
  readonly files: ReadonlyMap<string, MetadataFile>;
}

export const MAX_REPOMD_BYTES = 4 * 1024 * 1024;

interface Draft {
  readonly type: string;
  href: string;
  checksumType: string;
  checksum: string;
  size: string;
  openSize: string;
}

/** `location`: of the repository, for messages. */
export function parseRepomd(text: string, location: string): Answer<Repomd> {
  const files = new Map<string, MetadataFile>();
  let revision: string | null = null;
  let draft: Draft | null = null;
  const parser = new MetadataParser('repomd', {
    open(name, attributes) {
      if (name === 'data') draft = newDraft(attributes['type'] ?? '');
      if (name === 'location' && draft) draft.href = attributes['href'] ?? '';
      if (name === 'checksum' && draft) draft.checksumType = attributes['type'] ?? '';
    },
    close(name, content) {
      if (name === 'revision' && !draft) revision = content.trim() || null;
      if (!draft) return;
      if (name !== 'data') return closeField(draft, name, content.trim());
      const file = finish(draft);
      if (typeof file === 'string') parser.report(file);
      else files.set(file.type, file);
      draft = null;
    },
  });
  parser.write(text);
  parser.close();
  return parser.problem === null
    ? { value: { revision, files } }
    : invalidSource(`${location}: repodata/repomd.xml ${parser.problem}.`);
}

function newDraft(type: string): Draft {
  return { type, href: '', checksumType: '', checksum: '', size: '', openSize: '' };
}

function closeField(draft: Draft, name: string, text: string): void {
  if (name === 'checksum') draft.checksum = text.toLowerCase();
  if (name === 'size') draft.size = text;
  if (name === 'open-size') draft.openSize = text;
}

function finish({ type, href, checksumType, checksum, size, openSize }: Draft): MetadataFile | string {
  const refusal = refuseHref(href);
  if (refusal) return `points to ${type} at “${href}”: ${refusal}`;
  if (!algorithmOf(checksumType) || !/^[0-9a-f]+$/.test(checksum))
    return `has no usable checksum for ${type} (type “${checksumType}”)`;
  return { type, href, checksumType, checksum, sizeBytes: integer(size), openSizeBytes: integer(openSize) };
}

function integer(text: string): number | null {
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}
