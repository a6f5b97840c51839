// Resolves a PUNGI_COMPOSE source: the builds in the metadata of a published Pungi compose are taken from Koji again, for
// the arches that both composes have, and with the published compose's keys if the request names none.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IdentifyResult, ResolveContext, ResolveResult, SourceResolver } from '../../app/ports.ts';
import type { Compose } from '../../compose/compose.ts';
import { requestedPackages, sourceOfType } from '../../compose/sources/descriptors.ts';
import type { PungiComposeSource } from '../../compose/sources/pungi-compose.ts';
import { invalidSource, type Answer } from '../../upstreams/answer.ts';
import type { HttpClient } from '../../upstreams/http/http-client.ts';
import { readPungiCompose } from './read-pungi-compose.ts';

interface PungiComposeSourceOptions {
  /** Guarded: its URLs are those of requests. */
  readonly client: HttpClient;
  /** Of BUILD sources, for an engine that calls Koji itself. */
  readonly builds: SourceResolver;
}

interface Republished {
  /** With the content of the published compose. */
  readonly source: PungiComposeSource;
  /** The compose of the same builds. */
  readonly ofBuilds: Compose;
}

export class PungiComposeSourceResolver implements SourceResolver {
  readonly #options: PungiComposeSourceOptions;

  constructor(options: PungiComposeSourceOptions) {
    this.#options = options;
  }

  async identify(compose: Compose, signal: AbortSignal): Promise<IdentifyResult> {
    const scratch = await mkdtemp(join(tmpdir(), 'odcs-identify-'));
    try {
      const read = await this.#read(compose, scratch, signal);
      if ('failure' in read) return read;
      const { ofBuilds } = read.value;
      const identified = await this.#options.builds.identify(ofBuilds, signal);
      return 'failure' in identified
        ? identified
        : { fingerprint: [...identified.fingerprint, ...fingerprintOf(ofBuilds)] };
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }

  async resolve(compose: Compose, context: ResolveContext): Promise<ResolveResult> {
    const read = await this.#read(compose, join(context.scratch, 'published'), context.signal);
    if ('failure' in read) return read;
    const { source, ofBuilds } = read.value;
    const { arches, sigkeys } = ofBuilds;
    context.log(`${source.url} holds ${source.builds.length} builds for ${arches.join(', ')}\n`);
    const resolved = await this.#options.builds.resolve(ofBuilds, context);
    if ('failure' in resolved) return resolved;
    const fingerprint = [...resolved.input.fingerprint, ...fingerprintOf(ofBuilds)];
    return { input: { ...resolved.input, source, overrides: { arches, sigkeys }, fingerprint } };
  }

  async #read(compose: Compose, scratch: string, signal: AbortSignal): Promise<Answer<Republished>> {
    const source = sourceOfType(compose, 'PUNGI_COMPOSE');
    // An earlier attempt has read it, and published composes may be deleted.
    if (source.builds.length > 0) return { value: { source, ofBuilds: withBuilds(compose, source) } };
    const read = await readPungiCompose(source.url, { client: this.#options.client, scratch, signal });
    if ('failure' in read) return read;
    const { builds, packages, ...published } = read.value;
    const arches = compose.arches.filter((arch) => published.arches.includes(arch));
    if (arches.length === 0)
      return invalidSource(
        `${source.url} has packages for ${published.arches.join(', ')} only, and none for ${compose.arches.join(', ')}. Correct the arches of the request.`,
      );
    const sigkeys = compose.sigkeys.length > 0 ? compose.sigkeys : published.sigkeys;
    const found = { ...source, builds, packages };
    return { value: { source: found, ofBuilds: withBuilds({ ...compose, arches, sigkeys }, found) } };
  }
}

function withBuilds(compose: Compose, { builds, packages }: PungiComposeSource): Compose {
  return { ...compose, source: { type: 'BUILD', builds, packages, scratchBuildTasks: [] } };
}

function fingerprintOf({ arches, sigkeys, source }: Compose): readonly string[] {
  return [`arches ${arches.join(' ')}`, `sigkeys ${sigkeys.join(' ')}`, ...requestedPackages(source)];
}
