// Resolves a PULP source: what Pulp serves for the content sets becomes a .repo file, with a list of the repositories that
// must be merged or made empty for it.

import type { IdentifyResult, ResolveContext, ResolveResult, SourceResolver } from '../../app/ports.ts';
import type { Compose } from '../../compose/compose.ts';
import { sourceOfType } from '../../compose/sources/descriptors.ts';
import type { Answer } from '../../upstreams/answer.ts';
import type { PulpServer } from '../../upstreams/pulp/pulp-repository.ts';
import { mergedDirectory, pulpRepoFile } from './repo-file.ts';
import { resolveContentSets, type PulpPlan } from './resolve-content-sets.ts';

interface PulpSourceOptions {
  readonly pulp: PulpServer;
  /** Where the variant of a compose will be served, without a slash at its end. */
  readonly resultUrl: (compose: Compose) => string;
}

export class PulpSourceResolver implements SourceResolver {
  readonly #options: PulpSourceOptions;

  constructor(options: PulpSourceOptions) {
    this.#options = options;
  }

  async identify(compose: Compose, signal: AbortSignal): Promise<IdentifyResult> {
    const plan = await this.#plan(compose, signal);
    return 'failure' in plan ? plan : { fingerprint: fingerprintOf(plan.value) };
  }

  async resolve(compose: Compose, { signal, log }: ResolveContext): Promise<ResolveResult> {
    const answer = await this.#plan(compose, signal);
    if ('failure' in answer) return answer;
    const plan = answer.value;
    logPlan(plan, log);
    const { sections, emptyArches, resolvedContentSets, arches, sigkeys } = plan;
    const text =
      sections.length === 0
        ? null
        : pulpRepoFile(sections, { flags: compose.flags, resultUrl: this.#options.resultUrl(compose) });
    const merges = sections.flatMap((section) =>
      section.merges.map(({ arch, urls }) => ({ directory: `${mergedDirectory(section.name)}/${arch}`, arch, urls })),
    );
    return {
      input: {
        source: { ...sourceOfType(compose, 'PULP'), resolvedContentSets },
        overrides: { arches, sigkeys },
        fingerprint: fingerprintOf(plan),
        repositories: [],
        lookasides: [],
        repoFile: { text, merges, empty: emptyArches.map((arch) => `${arch}/os`) },
      },
    };
  }

  async #plan(compose: Compose, signal: AbortSignal): Promise<Answer<PulpPlan>> {
    const { contentSets } = sourceOfType(compose, 'PULP');
    const { flags, arches } = compose;
    return await resolveContentSets({ contentSets, flags, arches }, this.#options.pulp, signal);
  }
}

function logPlan({ absent, sections }: PulpPlan, log: (text: string) => void): void {
  for (const name of absent) log(`Pulp has no content set or repository ${name}; it is skipped\n`);
  for (const { name, url, merges } of sections)
    log(`${name}: ${url ?? `merged from ${merges.flatMap(({ urls }) => urls).join(', ')}`}\n`);
}

function fingerprintOf({ sections, emptyArches }: PulpPlan): readonly string[] {
  return [...sections.map((section) => JSON.stringify(section)), ...emptyArches];
}
