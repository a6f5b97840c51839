// Content sets as a compose's source: what Pulp serves for them becomes a .repo file, and a list of what has to be merged
// or made empty for it.

import type { ResolveContext, ResolvedInput, SourceResolver } from '../../app/ports.ts';
import type { Compose } from '../../compose/compose.ts';
import type { ComposeFailure } from '../../compose/failure.ts';
import { sourceOfType } from '../../compose/sources/descriptors.ts';
import type { PulpServer } from '../../upstreams/pulp/pulp-repository.ts';
import { mergedDirectory, pulpRepoFile } from './repo-file.ts';
import { resolveContentSets, type PulpPlan } from './resolve-content-sets.ts';

export interface PulpSourceOptions {
  readonly pulp: PulpServer;
  /** Where the variant of a compose will be served, without a slash at its end. */
  readonly resultUrl: (compose: Compose) => string;
}

export class PulpSource implements SourceResolver {
  readonly #options: PulpSourceOptions;

  constructor(options: PulpSourceOptions) {
    this.#options = options;
  }

  async identify(compose: Compose, signal: AbortSignal): ReturnType<SourceResolver['identify']> {
    const answer = await this.#look(compose, signal);
    if ('failure' in answer) return answer;
    return { fingerprint: fingerprintOf(answer.plan) };
  }

  async resolve(
    compose: Compose,
    { signal, log }: ResolveContext,
  ): Promise<{ readonly input: ResolvedInput } | { readonly failure: ComposeFailure }> {
    const source = sourceOfType(compose, 'PULP');
    const answer = await this.#look(compose, signal);
    if ('failure' in answer) return answer;
    const { plan } = answer;
    for (const name of plan.absent) log(`There is no content set or repository ${name} in Pulp; it is passed over\n`);
    for (const { name, url, merges } of plan.sections)
      log(`${name}: ${url ?? `merged from ${merges.flatMap(({ urls }) => urls).join(', ')}`}\n`);
    const text =
      plan.sections.length === 0
        ? null
        : pulpRepoFile(plan.sections, { flags: compose.flags, resultUrl: this.#options.resultUrl(compose) });
    const merges = plan.sections.flatMap((section) =>
      section.merges.map(({ arch, urls }) => ({ directory: `${mergedDirectory(section.name)}/${arch}`, arch, urls })),
    );
    const empty = plan.emptyArches.map((arch) => `${arch}/os`);
    const resolved = { ...source, resolvedContentSets: plan.resolvedContentSets };
    const taken = { arches: plan.arches, sigkeys: plan.sigkeys };
    return {
      input: {
        source: resolved,
        overrides: taken,
        fingerprint: fingerprintOf(plan),
        repositories: [],
        lookasides: [],
        repoFile: { text, merges: merges, empty },
      },
    };
  }

  async #look(compose: Compose, signal: AbortSignal): ReturnType<typeof resolveContentSets> {
    const { flags, arches } = compose;
    const { contentSets } = sourceOfType(compose, 'PULP');
    return await resolveContentSets({ contentSets, flags, arches }, this.#options.pulp, signal);
  }
}

function fingerprintOf({ sections, emptyArches }: PulpPlan): readonly string[] {
  return [...sections.map((section) => JSON.stringify(section)), ...emptyArches];
}
