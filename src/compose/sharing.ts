// When two composes may share one result: if they have equal resolved input, are generated in the same way and published
// into the same place. Such composes have equal digests, so a unique index finds a compose to reuse in one look-up.

import { createHash } from 'node:crypto';
import { DIGESTED_FIELDS, type ComposeRequest } from './request.ts';
import { descriptorOf, type ComposeSource } from './sources/descriptors.ts';
import { wordsOf, type EngineName } from './vocabulary.ts';

export interface SharingInput {
  readonly request: ComposeRequest;
  readonly engine: EngineName;
  /** The content of the source when it was identified, e.g. the sha256 of each repomd.xml. Equal for equal content. */
  readonly fingerprint: readonly string[];
}

/** Null for a compose that is never shared. */
export function sharingDigest({ request, engine, fingerprint }: SharingInput): string | null {
  if (request.flags.includes('NO_REUSE') || descriptorOf(request.source).output === 'repo-file') return null;
  const canonical = JSON.stringify([
    'odcs-sharing-1',
    engine,
    canonicalSource(request.source),
    [...fingerprint],
    ...digestedFields(request),
  ]);
  return createHash('sha256').update(canonical).digest('hex');
}

/** The source as the reuser requested it, resolved like the source of the reused compose. */
export function resolvedAs(source: ComposeSource, generated: ComposeSource): ComposeSource {
  if (source.type !== generated.type) return source;
  const resolvedFields: readonly string[] = descriptorOf(source).resolvedFields;
  return {
    ...source,
    ...Object.fromEntries(Object.entries(generated).filter(([key]) => resolvedFields.includes(key))),
  };
}

/** What was requested, in one order. The fingerprint covers the resolved fields and the fields that lead to them. */
function canonicalSource(source: ComposeSource): unknown {
  const { resolvedFields, inputOnlyFields } = descriptorOf(source);
  const covered: readonly string[] = [...resolvedFields, ...inputOnlyFields];
  return Object.entries(source)
    .map(
      ([key, value]: [string, unknown]) =>
        [
          key,
          covered.includes(key) ? null : Array.isArray(value) ? sorted(value as readonly string[]) : value,
        ] as const,
    )
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function digestedFields(request: ComposeRequest): unknown[] {
  return wordsOf(DIGESTED_FIELDS)
    .filter((field) => DIGESTED_FIELDS[field] !== null)
    .map((field) => {
      const { [field]: value } = request;
      return DIGESTED_FIELDS[field] === 'sorted' ? sorted(value as readonly string[]) : value;
    });
}

function sorted(items: readonly string[]): string[] {
  return [...items].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}
