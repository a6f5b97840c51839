// Resolves a REPO source: every repository of every arch is opened, verified and indexed.

import type { IdentifyResult, ResolveContext, ResolveResult, SourceResolver } from '../../app/ports.ts';
import type { Compose } from '../../compose/compose.ts';
import { sourceOfType } from '../../compose/sources/descriptors.ts';
import type { RepositoryReader } from './repository-reader.ts';

export class RepoSourceResolver implements SourceResolver {
  readonly #reader: RepositoryReader;

  constructor(reader: RepositoryReader) {
    this.#reader = reader;
  }

  async identify(compose: Compose, signal: AbortSignal): Promise<IdentifyResult> {
    const { repo } = sourceOfType(compose, 'REPO');
    const fingerprint = await this.#reader.fingerprint(compose, repo, signal);
    return 'failure' in fingerprint ? fingerprint : { fingerprint: fingerprint.value };
  }

  async resolve(compose: Compose, context: ResolveContext): Promise<ResolveResult> {
    const source = sourceOfType(compose, 'REPO');
    const opened = await this.#reader.open(compose, source.repo, context);
    if ('failure' in opened) return opened;
    const revisions = opened.value.repositories.map(({ revision }) => revision ?? '');
    return { input: { source: { ...source, revisions }, ...opened.value } };
  }
}
