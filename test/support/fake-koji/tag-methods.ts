// Methods about events, tags, inheritance, and the builds and packages of tags.

import type { XmlRpcValue } from '../../../src/upstreams/xml-rpc/value.ts';
import { historyRow, linkRow, packageRow, rpmRow, taggedBuildRow, tagName } from './answers.ts';
import { buildOf, eventOf, HubFault, repr, tagId, text, type Arguments, type Method } from './hub-arguments.ts';
import { fullInheritance, packageList, taggedBuilds } from './inheritance.ts';
import { activeAt, type KojiModel, type Versioned } from './model.ts';

const EVENT_TABLES = (model: KojiModel) => [model.configs, model.links, model.packages, model.listings];

export const TAG_METHODS: Readonly<Record<string, Method>> = {
  getEvent: {
    parameters: ['id', 'strict?'],
    run: (model, { id, strict }) => {
      const event = Number(id);
      if (event >= 1 && event <= model.lastEvent) return { id: event, ts: model.timeOf(event) };
      if (strict === false) return null;
      throw new HubFault(1000, 'query returned no rows');
    },
  },
  getLastEvent: {
    parameters: ['before?', 'strict?'],
    run: (model) => ({ id: model.lastEvent, ts: model.timeOf(model.lastEvent) }),
  },
  queryHistory: {
    parameters: ['tables?', 'tag?', 'afterEvent?', 'beforeEvent?'],
    run: (model, { tables, tag, afterEvent, beforeEvent }) => {
      const id = tagId(model, tag);
      const rows: Readonly<Record<string, readonly Versioned[]>> = {
        tag_listing: model.listings.filter((row) => row.tagId === id),
        tag_inheritance: model.links.filter((row) => row.tagId === id),
      };
      return Object.fromEntries(
        ((tables ?? Object.keys(rows)) as readonly string[]).map((table) => [
          table,
          (rows[table] ?? []).filter((row) => isWithin(row, afterEvent, beforeEvent)).map((row) => historyRow(id, row)),
        ]),
      );
    },
  },
  tagChangedSinceEvent: {
    parameters: ['event', 'taglist'],
    run: (model, { event, taglist }) => changes(model, taglist as readonly number[]).some((at) => at > Number(event)),
  },
  tagLastChangeEvent: {
    parameters: ['tag', 'before?', 'inherit?'],
    run: (model, { tag, before, inherit }) => {
      const id = tagId(model, tag, 'No such tagInfo: ');
      const limit = before == null ? Infinity : Number(before);
      const parents =
        inherit === false
          ? []
          : fullInheritance(model, id, before == null ? null : Number(before)).map((link) => link.parentId);
      const known = changes(model, [id, ...parents]).filter((at) => at < limit);
      return known.length > 0 ? Math.max(...known) : null;
    },
  },

  getTag: {
    parameters: ['tagInfo', 'strict?', 'event?', 'blocked?'],
    run: (model, { tagInfo, strict, event }) => tagRow(model, tagInfo, strict === true, event),
  },
  getBuildConfig: {
    parameters: ['tag', 'event?'],
    run: (model, { tag, event }) => tagRow(model, tag, true, event),
  },
  listTags: {
    parameters: ['build?', 'package?', 'perms?', 'queryOpts?', 'pattern?'],
    run: (model, { build }) => {
      const found = build == null ? null : buildOf(model, build);
      const ids = [...model.tags].filter(
        ([, id]) =>
          !found || model.listings.some((row) => row.tagId === id && row.buildId === found.id && row.revoked === null),
      );
      return ids.map(([name, id]) => ({
        id,
        name,
        arches: '',
        locked: false,
        maven_support: false,
        maven_include_all: false,
        perm_id: null,
        perm: null,
      }));
    },
  },
  getInheritanceData: {
    parameters: ['tag', 'event?'],
    run: (model, { tag, event }) => {
      const id = tagId(model, tag);
      return fullInheritance(model, id, eventOf(event))
        .filter((link) => link.tagId === id)
        .map((link) => linkRow(model, link));
    },
  },
  getFullInheritance: {
    parameters: ['tag', 'event?', 'reverse?'],
    run: (model, { tag, event }) =>
      fullInheritance(model, tagId(model, tag), eventOf(event)).map((link) => linkRow(model, link)),
  },

  listTagged: {
    parameters: [
      'tag',
      'event?',
      'inherit?',
      'prefix?',
      'latest?',
      'package?',
      'owner?',
      'type?',
      'strict?',
      'extra?',
      'draft?',
    ],
    run: (model, args) => tagged(model, args).map((one) => taggedBuildRow(model, one, args['extra'] === true)),
  },
  getLatestBuilds: {
    parameters: ['tag', 'event?', 'package?', 'type?', 'draft?'],
    run: (model, args) =>
      tagged(model, { ...args, inherit: true, latest: true }).map((one) => taggedBuildRow(model, one, false)),
  },
  listTaggedRPMS: {
    parameters: [
      'tag',
      'event?',
      'inherit?',
      'latest?',
      'package?',
      'arch?',
      'rpmsigs?',
      'owner?',
      'type?',
      'strict?',
      'extra?',
      'draft?',
    ],
    run: (model, args) => {
      const builds = tagged(model, args);
      const arches = args['arch'] == null ? null : [args['arch']].flat();
      const rpms = builds
        .flatMap(({ build }) => build.rpms)
        .filter((rpm) => arches === null || arches.includes(rpm.arch));
      const rows =
        args['rpmsigs'] === true
          ? rpms.flatMap((rpm) => [...rpm.sigkeys, ''].map((sigkey) => ({ ...rpmRow(model, rpm), sigkey })))
          : rpms.map((rpm) => rpmRow(model, rpm));
      return [rows, builds.map((one) => taggedBuildRow(model, one, false))];
    },
  },
  listPackages: {
    parameters: [
      'tagID?',
      'userID?',
      'pkgID?',
      'prefix?',
      'inherited?',
      'with_dups?',
      'event?',
      'queryOpts?',
      'with_owners?',
      'with_blocked?',
    ],
    run: (model, { tagID, inherited, event }) =>
      [...packageList(model, tagId(model, tagID), eventOf(event), inherited === true).values()].map((row) =>
        packageRow(model, row),
      ),
  },
  getPackageConfig: {
    parameters: ['tag', 'pkg', 'event?'],
    run: (model, { tag, pkg, event }) => {
      const id = model.tags.get(text(tag));
      const row = id === undefined ? undefined : packageList(model, id, eventOf(event), true).get(text(pkg));
      return row ? packageRow(model, row) : null;
    },
  },
};

function tagRow(
  model: KojiModel,
  tagInfo: XmlRpcValue | undefined,
  isStrict: boolean,
  event: XmlRpcValue | undefined,
): XmlRpcValue {
  const id = typeof tagInfo === 'number' ? tagInfo : model.tags.get(text(tagInfo));
  const at = eventOf(event);
  const config = model.configs.find((row) => row.tagId === id && activeAt(row, at));
  if (!config && isStrict) throw new HubFault(1000, `No such tagInfo: ${repr(tagInfo)}`);
  if (!config) return null;
  return {
    id: config.tagId,
    name: tagName(model, config.tagId),
    perm_id: null,
    perm: null,
    arches: config.arches,
    locked: false,
    maven_support: false,
    maven_include_all: false,
    extra: {},
    ...(at !== null && { query_event: at }),
  };
}

function tagged(model: KojiModel, args: Arguments): ReturnType<typeof taggedBuilds> {
  const event = eventOf(args['event']);
  const id = typeof args['tag'] === 'number' ? args['tag'] : model.tags.get(text(args['tag']));
  if (id === undefined || !model.configs.some((row) => row.tagId === id && activeAt(row, event))) {
    if (args['strict'] === false) return [];
    throw new HubFault(1000, `No such tagInfo: ${repr(args['tag'])}`);
  }
  const latest = typeof args['latest'] === 'number' ? args['latest'] : args['latest'] === true;
  const given = (value: XmlRpcValue | undefined): string | null => (typeof value === 'string' ? value : null);
  return taggedBuilds(model, id, {
    event,
    inherit: args['inherit'] === true,
    latest,
    package: given(args['package']),
    type: given(args['type']),
  });
}

/** The events that changed one of the tags. */
function changes(model: KojiModel, tagIds: readonly number[]): number[] {
  return EVENT_TABLES(model).flatMap((rows) =>
    rows
      .filter((row) => tagIds.includes(row.tagId))
      .flatMap((row) => (row.revoked === null ? [row.created] : [row.created, row.revoked])),
  );
}

/** As in Koji, each bound counts by itself: a row that was created before both and revoked after both is included. */
function isWithin(
  { created, revoked }: Versioned,
  after: XmlRpcValue | undefined,
  before: XmlRpcValue | undefined,
): boolean {
  const isAfter = after == null || created > Number(after) || (revoked !== null && revoked > Number(after));
  return isAfter && (before == null || created < Number(before) || (revoked !== null && revoked < Number(before)));
}
