// Resolves a MODULE source: modules and what they require, from MBS or, with modular tags, from Koji. The exact builds are
// stored with the compose, which uses them from then on.

import { invalidSource, type Answer } from '../../upstreams/answer.ts';
import { taggedModules, type TaggedModule } from '../../upstreams/koji/tagged-modules.ts';
import { formatNsvc, parseModuleName } from '../../upstreams/mbs/nsvc.ts';
import { eventOfTags } from '../koji/event-of-tags.ts';
import { EMPTY_SELECTION, type KojiLookup, type KojiLookupAnswer } from '../koji/koji-lookup.ts';
import { KojiSourceResolver } from '../koji/koji-source-resolver.ts';
import { existingInKoji } from './modules-in-koji.ts';
import { resolveModules } from './resolve-modules.ts';
import { taggedModuleLookup } from './tagged-module-lookup.ts';

type ModuleLookup = KojiLookup<'MODULE'>;

export class ModuleSourceResolver extends KojiSourceResolver<'MODULE'> {
  protected readonly type = 'MODULE';

  protected identifySource(lookup: ModuleLookup): Promise<KojiLookupAnswer> {
    return this.resolveSource(lookup);
  }

  protected async resolveSource(lookup: ModuleLookup): Promise<KojiLookupAnswer> {
    const { source } = lookup;
    const { scratchModules } = source;
    const modules = source.resolvedModules
      ? { value: source.resolvedModules.filter((nsvc) => !scratchModules.includes(nsvc)) }
      : await exactModules(lookup);
    if ('failure' in modules) return modules;
    const scratch = await checkScratchModules(lookup);
    if ('failure' in scratch) return scratch;
    const resolved = [...modules.value, ...scratchModules];
    return {
      value: {
        source: { ...source, resolvedModules: resolved },
        fingerprint: resolved.map((nsvc) => `module ${nsvc}`),
        selection: { ...EMPTY_SELECTION, modules: modules.value, scratchModules },
      },
    };
  }
}

async function exactModules(lookup: ModuleLookup): Promise<Answer<readonly string[]>> {
  const { source, compose, upstreams, signal } = lookup;
  const { hub, baseModules } = upstreams;
  const tags = source.modularTags.join(', ');
  const tagged = source.modularTags.length === 0 ? null : await modulesOfTags(lookup);
  if (tagged && 'failure' in tagged) return tagged;
  const modules = source.modules.length > 0 || !tagged ? source.modules : tagged.value.map(formatNsvc);
  if (modules.length === 0)
    return tagged ? invalidSource(`Koji (${hub.profile.name}) has no module in ${tags}.`) : { value: [] };
  const mbs = tagged ? taggedModuleLookup(tagged.value) : upstreams.mbs;
  if (!mbs)
    return invalidSource('This service has no Module Build Service. Name modularTags to take the modules from.');
  const resolved = await resolveModules(
    {
      modules,
      baseModule: source.baseModule,
      includeDone: compose.flags.includes('INCLUDE_DONE_MODULES'),
      dependencies: !compose.flags.includes('NO_DEPS'),
    },
    {
      mbs,
      findInKoji: (wanted, either) => existingInKoji(hub, wanted, either),
      baseModules,
      ...(tagged && { tags }),
    },
    signal,
  );
  return 'failure' in resolved ? resolved : { value: resolved.value.map(formatNsvc) };
}

/** Of several tags, the first that has a name:stream decides. */
async function modulesOfTags({ source, upstreams, signal }: ModuleLookup): Promise<Answer<readonly TaggedModule[]>> {
  const scopes = source.modularTags.map((tag) => ({ tag, inheritance: true }));
  const event = await eventOfTags(upstreams, scopes, null, signal);
  if ('failure' in event) return event;
  const modules = new Map<string, readonly TaggedModule[]>();
  for (const tag of source.modularTags) {
    const found = await taggedModules(upstreams.hub, { tag, event: event.value, names: null }, signal);
    if ('failure' in found) return found;
    const byStream = Map.groupBy(found.value, ({ name, stream }) => `${name}:${stream}`);
    for (const [key, builds] of byStream) if (!modules.has(key)) modules.set(key, builds);
  }
  return { value: [...modules.values()].flat() };
}

/** Pungi ignores a scratch module that MBS does not know. */
async function checkScratchModules({ source, upstreams, signal }: ModuleLookup): Promise<Answer<null>> {
  for (const nsvc of source.scratchModules) {
    const wanted = parseModuleName(nsvc);
    if (!upstreams.mbs || !wanted)
      return invalidSource(`The scratch module ${nsvc} cannot be found: this service has no Module Build Service.`);
    const found = await upstreams.mbs.latest({ wanted, includeDone: true, baseModule: null, within: null, signal });
    if ('failure' in found) return found;
    if (found.value.length === 0)
      return invalidSource(`There is no scratch module ${nsvc} in MBS that is done. Check its name.`);
  }
  return { value: null };
}
