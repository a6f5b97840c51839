// A published Pungi compose as a compose's source: what its metadata names is taken from Koji once more, for the arches
// that both have, signed as it is signed where the request does not say otherwise.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ResolveContext, ResolvedInput, SourceResolver } from '../../app/ports.ts';
import type { Compose } from '../../compose/compose.ts';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { sourceOfType } from '../../compose/sources/descriptors.ts';
import { RETRY_POLICIES, type RetryPolicy } from '../../concurrency/retry-policies.ts';
import type { HttpClient } from '../../upstreams/http/http-client.ts';
import { readPungiCompose } from './read-pungi-compose.ts';
import type { PungiComposeSource as PungiComposeRequest } from '../../compose/sources/pungi-compose.ts';

export interface PungiComposeSourceOptions {
  /** Bound to what a request may point to. */
  readonly client: HttpClient;
  readonly retry?: RetryPolicy;
  /** Resolves builds. */
  readonly koji: SourceResolver;
}

type Failed = { readonly failure: ComposeFailure };

export class PungiComposeSource implements SourceResolver {
  readonly #options: PungiComposeSourceOptions;

  constructor(options: PungiComposeSourceOptions) {
    this.#options = options;
  }

  async identify(compose: Compose, signal: AbortSignal): Promise<{ readonly fingerprint: readonly string[] } | Failed> {
    const scratch = await mkdtemp(join(tmpdir(), 'odcs-identify-'));
    try {
      const wanted = await this.#read(compose, scratch, signal);
      if ('failure' in wanted) return wanted;
      const identified = await this.#options.koji.identify(wanted.builds, signal);
      return 'failure' in identified
        ? identified
        : { fingerprint: [...identified.fingerprint, ...fingerprintOf(wanted.builds)] };
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }

  async resolve(compose: Compose, context: ResolveContext): Promise<{ readonly input: ResolvedInput } | Failed> {
    const wanted = await this.#read(compose, join(context.scratch, 'published'), context.signal);
    if ('failure' in wanted) return wanted;
    const { builds, source } = wanted;
    context.log(`${source.url} holds ${source.builds.length} builds for ${builds.arches.join(', ')}\n`);
    const resolved = await this.#options.koji.resolve(builds, context);
    if ('failure' in resolved) return resolved;
    const { arches, sigkeys } = builds;
    return {
      input: {
        ...resolved.input,
        source,
        overrides: { arches, sigkeys },
        fingerprint: [...resolved.input.fingerprint, ...fingerprintOf(builds)],
      },
    };
  }

  /** The source with what the published compose holds, and the compose of builds that is the same. */
  async #read(
    compose: Compose,
    scratch: string,
    signal: AbortSignal,
  ): Promise<{ readonly source: PungiComposeRequest; readonly builds: Compose } | Failed> {
    const source = sourceOfType(compose, 'PUNGI_COMPOSE');
    // Read before: made again it is the same, and published composes do not stay for ever.
    if (source.builds.length > 0) return { source, builds: ofBuilds(compose, source) };
    const { client, retry } = this.#options;
    const read = await readPungiCompose(source.url, {
      client,
      retry: retry ?? RETRY_POLICIES['http-download'],
      scratch,
      signal,
    });
    if ('failure' in read) return read;
    const { summary } = read;
    const arches = compose.arches.filter((arch) => summary.arches.includes(arch));
    if (arches.length === 0)
      return {
        failure: failure(
          'INVALID_SOURCE',
          `${source.url} has packages for ${summary.arches.join(', ')} only, and none for ${compose.arches.join(', ')}`,
        ),
      };
    const { builds, packages } = summary;
    const sigkeys = compose.sigkeys.length > 0 ? compose.sigkeys : summary.sigkeys;
    return { source: { ...source, builds, packages }, builds: ofBuilds({ ...compose, arches, sigkeys }, summary) };
  }
}

function ofBuilds(compose: Compose, { builds, packages }: Pick<PungiComposeRequest, 'builds' | 'packages'>): Compose {
  return { ...compose, source: { type: 'BUILD', builds, packages, scratchBuildTasks: [] } };
}

function fingerprintOf({ arches, sigkeys, source }: Compose): readonly string[] {
  return [
    `arches ${arches.join(' ')}`,
    `sigkeys ${sigkeys.join(' ')}`,
    ...('packages' in source ? source.packages : []),
  ];
}
