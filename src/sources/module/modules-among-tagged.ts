// The modules of modular tags, asked as MBS is: by name and stream, the latest version with all its contexts.

import type { MbsBuild, MbsClient } from '../../upstreams/mbs/mbs-client.ts';
import type { TaggedModule } from '../../upstreams/koji/tagged-modules.ts';
import { compareVersions } from '../../upstreams/mbs/nsvc.ts';

export function amongTagged(modules: readonly TaggedModule[]): Pick<MbsClient, 'latest'> {
  return {
    latest({ wanted }) {
      const fitting = modules.filter((one) => {
        if (one.name !== wanted.name) return false;
        if (wanted.stream === null) return !wanted.excluded.includes(one.stream);
        return (
          one.stream === wanted.stream &&
          (wanted.version ?? one.version) === one.version &&
          (wanted.context ?? one.context) === one.context
        );
      });
      const [newest] = fitting.toSorted((left, right) => compareVersions(right.version, left.version));
      const chosen = fitting.filter(({ version, stream }) => version === newest?.version && stream === newest.stream);
      return Promise.resolve({ builds: chosen.map(toBuild) });
    },
  };
}

function toBuild({ name, stream, version, context, contentTag, modulemd }: TaggedModule): MbsBuild {
  return { name, stream, version, context, kojiTag: contentTag, modulemd, bounds: null };
}
