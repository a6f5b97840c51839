// The hub's methods: their parameters by place and by keyword, and their faults, as kojihub.py has them. Enough for what our
// client asks and for the real `koji` command to show tags, inheritance, builds and tasks.

import {
  isStruct,
  type XmlRpcFault,
  type XmlRpcStruct,
  type XmlRpcValue,
} from '../../../src/upstreams/xml-rpc/value.ts';
import {
  archiveRow,
  buildRow,
  historyRow,
  linkRow,
  packageRow,
  rpmRow,
  taggedBuildRow,
  tagName,
  taskRow,
} from './answers.ts';
import { fullInheritance, packageList, taggedBuilds } from './inheritance.ts';
import { activeAt, dateTime, TASK_STATE, type FakeBuild, type KojiModel, type Versioned } from './model.ts';

export class HubFault extends Error {
  readonly fault: XmlRpcFault;

  constructor(faultCode: number, faultString: string) {
    super(faultString);
    this.fault = { faultCode, faultString };
  }
}

type Arguments = Readonly<Record<string, XmlRpcValue | undefined>>;

interface Method {
  /** In order; `?` marks those with a default. */
  readonly parameters: readonly string[];
  run(model: KojiModel, args: Arguments): XmlRpcValue;
}

const EVENT_TABLES = (model: KojiModel) => [model.configs, model.links, model.packages, model.listings];

const METHODS: Readonly<Record<string, Method>> = {
  getAPIVersion: { parameters: [], run: () => 1 },
  getKojiVersion: { parameters: [], run: () => '1.36.1' },
  echo: { parameters: ['value'], run: (_model, { value }) => [value ?? null] },
  mavenEnabled: { parameters: [], run: () => false },
  winEnabled: { parameters: [], run: () => false },
  getAllPerms: { parameters: [], run: () => [{ id: 1, name: 'admin', description: null }] },
  getUser: {
    parameters: ['userInfo?', 'strict?', 'krb_princs?'],
    run: () => ({ id: 1, name: 'builder', status: 0, usertype: 0, krb_principals: [] }),
  },
  getHost: {
    parameters: ['hostInfo', 'strict?', 'event?'],
    run: () => ({
      id: 1,
      name: 'builder1',
      user_id: 1,
      arches: 'x86_64',
      capacity: 2.5,
      enabled: true,
      description: null,
      comment: null,
    }),
  },
  getBuildTargets: { parameters: ['info?', 'event?', 'buildTagID?', 'destTagID?', 'queryOpts?'], run: () => [] },
  getTagGroups: {
    parameters: ['tag', 'event?', 'inherit?', 'incl_pkgs?', 'incl_reqs?', 'incl_blocked?'],
    run: () => [],
  },
  getRepo: {
    parameters: ['tag', 'state?', 'event?', 'dist?', 'min_event?', 'at_event?', 'opts?'],
    run: (model, { tag, event }) =>
      model.repos
        .filter((one) => one.tag === text(tag) && (event == null || one.create_event <= Number(event)))
        .at(-1) ?? null,
  },
  getTagExternalRepos: { parameters: ['tag_info?', 'repo_info?', 'event?'], run: () => [] },
  getExternalRepoList: { parameters: ['tag_info', 'event?'], run: () => [] },
  listBuildroots: { parameters: ['taskID?'], run: () => [] },
  listBuilds: { parameters: ['taskID?'], run: () => [] },
  listTaskOutput: { parameters: ['taskID', 'stat?', 'all_volumes?', 'strict?'], run: () => ({}) },
  getMavenBuild: { parameters: ['buildInfo', 'strict?'], run: () => null },
  getWinBuild: { parameters: ['buildInfo', 'strict?'], run: () => null },
  listArchives: {
    parameters: ['buildID?', 'buildrootID?', 'componentBuildrootID?', 'hostID?', 'type?', 'filename?', 'size?'],
    run: (model, { buildID }) =>
      model.builds.get(Number(buildID))?.archives.map((archive) => archiveRow(archive, Number(buildID))) ?? [],
  },
  getChangelogEntries: {
    parameters: ['buildID?', 'taskID?', 'filepath?', 'author?', 'before?', 'after?', 'queryOpts?', 'strict?'],
    run: (model) => [{ date: dateTime(model.timeOf(1)), date_ts: 1, author: 'me', text: '- built' }],
  },

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
    run: (model, { tagInfo, strict, event }) => {
      const id = typeof tagInfo === 'number' ? tagInfo : model.tags.get(text(tagInfo));
      const at = eventOf(event);
      const config = model.configs.find((row) => row.tagId === id && activeAt(row, at));
      if (!config && strict === true) throw new HubFault(1000, `No such tagInfo: ${repr(tagInfo)}`);
      if (!config) return null;
      const row = {
        id: config.tagId,
        name: tagName(model, config.tagId),
        perm_id: null,
        perm: null,
        arches: config.arches,
        locked: false,
      };
      return {
        ...row,
        maven_support: false,
        maven_include_all: false,
        extra: {},
        ...(at !== null && { query_event: at }),
      };
    },
  },
  getBuildConfig: {
    parameters: ['tag', 'event?'],
    run: (model, { tag, event }) =>
      callMethod(model, 'getTag', [tag ?? null, { strict: true, event: event ?? null, __starstar: true }]),
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
      // PostgreSQL's ILIKE: in whatever state a build is.
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

  getTaskInfo: {
    parameters: ['task_id', 'request?', 'strict?'],
    run: (model, { task_id, request, strict }) => {
      const one = (id: XmlRpcValue): XmlRpcValue => {
        const task = model.tasks.get(Number(id));
        if (!task && strict === true) throw new HubFault(1000, `No such task: ${Number(id)}`);
        return task ? taskRow(model, task, request === true) : null;
      };
      return Array.isArray(task_id) ? (task_id as readonly XmlRpcValue[]).map(one) : one(task_id ?? null);
    },
  },
  getTaskRequest: {
    parameters: ['taskId'],
    run: (model, { taskId }) => [...(model.tasks.get(Number(taskId))?.request ?? [])],
  },
  getTaskChildren: {
    parameters: ['task_id', 'request?', 'strict?'],
    run: (model, { task_id, request }) =>
      [...model.tasks.values()]
        .filter((task) => task.parent === Number(task_id))
        .map((task) => taskRow(model, task, request === true)),
  },
  getTaskResult: {
    parameters: ['taskId', 'raise_fault?'],
    run: (model, { taskId }) => {
      const task = model.tasks.get(Number(taskId));
      if (!task) throw new HubFault(1000, `No such task: ${text(taskId)}`);
      if (task.state !== TASK_STATE.CLOSED) throw new HubFault(1000, `Task ${task.id} is not finished`);
      return task.result;
    },
  },
};

/** One call, as the hub's _dispatch does it. */
export function callMethod(model: KojiModel, name: string, params: readonly XmlRpcValue[]): XmlRpcValue {
  const method = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
  if (!method) throw new HubFault(1000, `Invalid method: ${name}`);
  const last = params.at(-1);
  const keywords: XmlRpcStruct = last !== undefined && isStruct(last) && last['__starstar'] === true ? last : {};
  const positional = keywords === last ? params.slice(0, -1) : params;
  const names = method.parameters.map((parameter) => parameter.replace('?', ''));
  if (positional.length > names.length)
    throw new HubFault(
      1019,
      `${name}() takes ${names.length} positional arguments but ${positional.length} were given`,
    );
  const args: Record<string, XmlRpcValue> = {};
  for (const [index, value] of positional.entries()) args[names[index] ?? ''] = value;
  for (const [key, value] of Object.entries(keywords)) {
    if (key === '__starstar') continue;
    if (!names.includes(key)) throw new HubFault(1019, `${name}() got an unexpected keyword argument '${key}'`);
    args[key] = value;
  }
  const absent = method.parameters.find((parameter) => !parameter.endsWith('?') && !(parameter in args));
  if (absent !== undefined) throw new HubFault(1019, `${name}() missing 1 required positional argument: '${absent}'`);
  return method.run(model, args);
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

/** Every event at which one of the tags was changed. */
function changes(model: KojiModel, tagIds: readonly number[]): number[] {
  return EVENT_TABLES(model).flatMap((rows) =>
    rows
      .filter((row) => tagIds.includes(row.tagId))
      .flatMap((row) => (row.revoked === null ? [row.created] : [row.created, row.revoked])),
  );
}

/** As Koji does it, each bound by itself: a row made before both and revoked after both is told of too. */
function isWithin(
  { created, revoked }: Versioned,
  after: XmlRpcValue | undefined,
  before: XmlRpcValue | undefined,
): boolean {
  const isAfter = after == null || created > Number(after) || (revoked !== null && revoked > Number(after));
  return isAfter && (before == null || created < Number(before) || (revoked !== null && revoked < Number(before)));
}

function tagId(model: KojiModel, tag: XmlRpcValue | undefined, message = 'No such entry in table tag: '): number {
  const id = typeof tag === 'number' ? tag : model.tags.get(text(tag));
  if (id === undefined)
    throw new HubFault(1000, message.endsWith('tagInfo: ') ? message + repr(tag) : message + text(tag));
  return id;
}

function buildOf(model: KojiModel, info: XmlRpcValue | undefined): FakeBuild | undefined {
  if (typeof info === 'number') return model.builds.get(info);
  if (typeof info !== 'string') throw new HubFault(1000, `Invalid type for argument: ${repr(info)}`);
  if (!/^.+-[^-]+-[^-]+$/.test(info)) throw new HubFault(1000, `invalid format: ${info}`);
  return model.findBuild(info);
}

function eventOf(event: XmlRpcValue | undefined): number | null {
  if (event == null) return null;
  if (typeof event !== 'number') throw new HubFault(1000, `Invalid event: ${repr(event)}`);
  return event;
}

function repr(value: XmlRpcValue | undefined): string {
  return typeof value === 'string' ? `'${value}'` : text(value);
}

function text(value: XmlRpcValue | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}
