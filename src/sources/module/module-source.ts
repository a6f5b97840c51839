// Modules with what they need: looked up in MBS or, with modular tags, among what is tagged in Koji. Once resolved, the exact
// builds are stored with the compose and are what it is taken from ever after.

import { failure } from '../../compose/failure.ts';
import type { Asked } from '../../upstreams/koji/koji-hub.ts';
import { taggedModules, type TaggedModule } from '../../upstreams/koji/tagged-modules.ts';
import { formatNsvc, parseModuleName } from '../../upstreams/mbs/nsvc.ts';
import { resolveModules } from './resolve-modules.ts';
import { eventOf } from '../tag/tag-source.ts';
import { NOTHING, type Finding, type Look } from '../koji/tag-lookup.ts';
import { existingInKoji } from './modules-in-koji.ts';
import { amongTagged } from './modules-among-tagged.ts';

type ModuleLook = Look<'MODULE'>;

export async function resolveModuleSource(look: ModuleLook): Promise<Finding> {
  const { source } = look;
  const { scratchModules } = source;
  const modules = source.resolvedModules
    ? { value: source.resolvedModules.filter((nsvc) => !scratchModules.includes(nsvc)) }
    : await exactModules(look);
  if ('failure' in modules) return modules;
  const scratch = await checkScratch(look);
  if ('failure' in scratch) return scratch;
  const resolved = [...modules.value, ...scratchModules];
  return {
    found: {
      source: { ...source, resolvedModules: resolved },
      fingerprint: resolved.map((nsvc) => `module ${nsvc}`),
      taken: { ...NOTHING, modules: modules.value, scratchModules },
    },
  };
}

async function exactModules(look: ModuleLook): Promise<Asked<readonly string[]>> {
  const { source, compose, upstreams, signal } = look;
  const { hub, baseModules } = upstreams;
  const tagged = source.modularTags.length === 0 ? null : await modulesOfTags(look);
  if (tagged && 'failure' in tagged) return tagged;
  const asked = source.modules.length > 0 || !tagged ? source.modules : tagged.value.map(formatNsvc);
  if (asked.length === 0)
    return tagged
      ? {
          failure: failure(
            'INVALID_SOURCE',
            `There is no module in ${source.modularTags.join(', ')} in Koji (${hub.profile.name})`,
          ),
        }
      : { value: [] };
  const mbs = tagged ? amongTagged(tagged.value) : upstreams.mbs;
  if (!mbs)
    return { failure: failure('INVALID_SOURCE', 'No MBS is configured: name modularTags to look the modules up in') };
  const resolved = await resolveModules(
    {
      modules: asked,
      baseModule: source.baseModule,
      includeDone: compose.flags.includes('INCLUDE_DONE_MODULES'),
      dependencies: !compose.flags.includes('NO_DEPS'),
    },
    {
      mbs,
      findInKoji: (modules, stop) => existingInKoji(hub, modules, stop),
      baseModules,
      ...(tagged && { tags: source.modularTags.join(', ') }),
    },
    signal,
  );
  return 'failure' in resolved ? resolved : { value: resolved.modules.map(formatNsvc) };
}

/** Of all the tags, the first that has a name:stream decides. */
async function modulesOfTags({ source, upstreams, signal }: ModuleLook): Promise<Asked<readonly TaggedModule[]>> {
  const event = await eventOf(
    upstreams,
    source.modularTags.map((tag) => ({ tag, inheritance: true })),
    null,
    signal,
  );
  if ('failure' in event) return event;
  const modules = new Map<string, readonly TaggedModule[]>();
  for (const tag of source.modularTags) {
    const found = await taggedModules(upstreams.hub, { tag, event: event.value, names: null }, signal);
    if ('failure' in found) return found;
    const own = Map.groupBy(found.value, ({ name, stream }) => `${name}:${stream}`);
    for (const [key, builds] of own) if (!modules.has(key)) modules.set(key, builds);
  }
  return { value: [...modules.values()].flat() };
}

/** Pungi leaves out one that MBS does not know, without a word. */
async function checkScratch({ source, upstreams, signal }: ModuleLook): Promise<Asked<null>> {
  for (const nsvc of source.scratchModules) {
    const wanted = parseModuleName(nsvc);
    if (!upstreams.mbs || !wanted)
      return {
        failure: failure('INVALID_SOURCE', `The scratch module ${nsvc} cannot be looked up: no MBS is configured`),
      };
    const answer = await upstreams.mbs.latest({ wanted, includeDone: true, baseModule: null, within: null, signal });
    if ('failure' in answer) return answer;
    if (answer.builds.length === 0)
      return { failure: failure('INVALID_SOURCE', `There is no scratch module ${nsvc} in MBS that is done`) };
  }
  return { value: null };
}
