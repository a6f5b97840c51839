// Methods about builds, their RPMs and signatures.

import { isStruct, type XmlRpcStruct } from '../../../src/upstreams/xml-rpc/value.ts';
import { buildRow, rpmRow } from './answers.ts';
import { buildOf, HubFault, repr, text, type Method } from './hub-arguments.ts';

export const BUILD_METHODS: Readonly<Record<string, Method>> = {
  getBuild: {
    parameters: ['buildInfo', 'strict?'],
    run: (model, { buildInfo, strict }) => {
      const build = buildOf(model, buildInfo);
      if (!build && strict === true) throw new HubFault(1000, `No such build: ${repr(buildInfo)}`);
      return build ? buildRow(model, build) : null;
    },
  },
  getBuildType: {
    parameters: ['buildInfo', 'strict?'],
    run: (model, { buildInfo }) => {
      const build = buildOf(model, buildInfo);
      const info = build && isStruct(build.extra) ? (build.extra['typeinfo'] as XmlRpcStruct | undefined) : undefined;
      return build ? Object.fromEntries(build.types.map((type) => [type, info?.[type] ?? null])) : null;
    },
  },
  search: {
    parameters: ['terms', 'type', 'matchType', 'queryOpts?'],
    run: (model, { terms, type, matchType }) => {
      if (type !== 'build' || matchType !== 'glob')
        throw new HubFault(1000, `the fake Koji finds builds by glob only, not: ${text(type)}, ${text(matchType)}`);
      // As PostgreSQL's ILIKE, for builds in any state.
      const pattern = new RegExp(
        `^${text(terms)
          .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
          .replaceAll('*', '.*')
          .replaceAll('?', '.')}$`,
        'i',
      );
      return [...model.builds.values()]
        .filter(({ nvr }) => pattern.test(nvr))
        .map(({ id, nvr }) => ({ id, name: nvr }));
    },
  },
  listBuildRPMs: {
    parameters: ['build'],
    run: (model, { build }) => {
      const found = buildOf(model, build);
      if (!found && typeof build !== 'number') throw new HubFault(1000, `No such build: ${repr(build)}`);
      return found?.rpms.map((rpm) => rpmRow(model, rpm)) ?? [];
    },
  },
  listRPMs: {
    parameters: [
      'buildID?',
      'buildrootID?',
      'imageID?',
      'componentBuildrootID?',
      'hostID?',
      'arches?',
      'queryOpts?',
      'draft?',
    ],
    run: (model, { buildID }) => buildOf(model, buildID)?.rpms.map((rpm) => rpmRow(model, rpm)) ?? [],
  },
  queryRPMSigs: {
    parameters: ['rpm_id?', 'sigkey?', 'queryOpts?'],
    run: (model, { rpm_id, sigkey }) => {
      const rpm = model.rpms.get(Number(rpm_id));
      const keys = [...(rpm?.sigkeys ?? [])].filter((key) => sigkey == null || key === text(sigkey).toLowerCase());
      return keys.map((key) => ({ rpm_id: Number(rpm_id), sigkey: key, sighash: key.padStart(32, '0') }));
    },
  },
};
