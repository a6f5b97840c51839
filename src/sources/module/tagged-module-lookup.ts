// Looks up modules among those of modular tags, by the interface of the MBS client: the latest version with all its contexts.

import type { TaggedModule } from '../../upstreams/koji/tagged-modules.ts';
import type { MbsBuild, MbsClient } from '../../upstreams/mbs/mbs-client.ts';
import { compareVersions } from '../../upstreams/mbs/nsvc.ts';

export function taggedModuleLookup(modules: readonly TaggedModule[]): Pick<MbsClient, 'latest'> {
  return {
    latest({ wanted }) {
      const matching = modules.filter(({ name, stream, version, context }) => {
        if (name !== wanted.name) return false;
        if (wanted.stream === null) return !wanted.excluded.includes(stream);
        return (
          stream === wanted.stream && (wanted.version ?? version) === version && (wanted.context ?? context) === context
        );
      });
      const [newest] = matching.toSorted((left, right) => compareVersions(right.version, left.version));
      const latest = matching.filter(({ version, stream }) => version === newest?.version && stream === newest.stream);
      return Promise.resolve({ value: latest.map(toBuild) });
    },
  };
}

function toBuild({ name, stream, version, context, contentTag, modulemd }: TaggedModule): MbsBuild {
  return { name, stream, version, context, kojiTag: contentTag, modulemd, bounds: null };
}
