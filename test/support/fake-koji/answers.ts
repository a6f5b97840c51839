// Rows of Koji's database, with the fields of kojihub.py.

import type { XmlRpcStruct } from '../../../src/upstreams/xml-rpc/value.ts';
import type { InheritedLink, TaggedBuild } from './inheritance.ts';
import {
  timeText,
  type FakeArchive,
  type FakeBuild,
  type FakeRpm,
  type FakeTask,
  type KojiModel,
  type PackageRow,
  type Versioned,
} from './model.ts';

/** Assigned when a package is first used. */
const packageIds = new WeakMap<KojiModel, Map<string, number>>();

export function packageId(model: KojiModel, name: string): number {
  const ids = packageIds.get(model) ?? new Map<string, number>();
  packageIds.set(model, ids);
  const id = ids.get(name) ?? ids.size + 1;
  ids.set(name, id);
  return id;
}

export function tagName(model: KojiModel, id: number): string {
  return [...model.tags].find(([, tagId]) => tagId === id)?.[0] ?? '';
}

export function buildRow(model: KojiModel, build: FakeBuild): XmlRpcStruct {
  const { id, name, version, release, nvr, epoch, state, volume, extra, event } = build;
  const ts = model.timeOf(event);
  const done = state === 0 ? null : ts + 30;
  return {
    id,
    build_id: id,
    package_id: packageId(model, name),
    package_name: name,
    name,
    version,
    release,
    epoch,
    nvr,
    draft: false,
    state,
    task_id: null,
    owner_id: 1,
    owner_name: 'builder',
    promoter_id: null,
    promoter_name: null,
    volume_id: 0,
    volume_name: volume,
    creation_event_id: event,
    creation_time: timeText(ts),
    creation_ts: ts,
    start_time: timeText(ts),
    start_ts: ts,
    completion_time: done === null ? null : timeText(done),
    completion_ts: done,
    promotion_time: null,
    promotion_ts: null,
    cg_id: null,
    cg_name: null,
    source: `git+https://src.example/rpms/${name}#${'0'.repeat(40)}`,
    extra,
  };
}

export function taggedBuildRow(
  model: KojiModel,
  { build, tagId, created }: TaggedBuild,
  withExtra: boolean,
): XmlRpcStruct {
  const {
    extra,
    cg_id: _cg,
    cg_name: _cgName,
    source: _source,
    creation_ts: _c,
    start_ts: _s,
    completion_ts: _d,
    promotion_ts: _p,
    ...row
  } = buildRow(model, build);
  return {
    ...row,
    tag_id: tagId,
    tag_name: tagName(model, tagId),
    create_event: created,
    ...(withExtra && { extra: extra ?? null }),
  };
}

export function rpmRow(model: KojiModel, rpm: FakeRpm): XmlRpcStruct {
  const build = model.builds.get(rpm.buildId);
  const [version, release] = [build?.version ?? '', build?.release ?? ''];
  return {
    id: rpm.id,
    name: rpm.name,
    version,
    release,
    nvr: `${rpm.name}-${version}-${release}`,
    arch: rpm.arch,
    epoch: build?.epoch ?? null,
    draft: false,
    payloadhash: rpm.payloadHash ?? rpm.id.toString(16).padStart(32, '0'),
    // Larger than 31 bits, so that it is sent as i8.
    size: rpm.sizeBytes ?? 3_000_000_000 + rpm.id,
    buildtime: 1_790_000_000,
    build_id: rpm.buildId,
    buildroot_id: 7,
    external_repo_id: 0,
    external_repo_name: 'INTERNAL',
    metadata_only: rpm.metadataOnly,
    extra: null,
  };
}

export function archiveRow({ id, type, filename }: FakeArchive, buildId: number): XmlRpcStruct {
  return {
    id,
    btype: type,
    btype_id: 5,
    build_id: buildId,
    buildroot_id: null,
    checksum: id.toString(16).padStart(32, '0'),
    checksum_type: 0,
    compression_type: null,
    extra: null,
    filename,
    metadata_only: false,
    size: 1_000,
    type_description: 'Text file',
    type_extensions: 'txt',
    type_id: 40,
    type_name: 'txt',
  };
}

export function linkRow(model: KojiModel, link: InheritedLink): XmlRpcStruct {
  return {
    parent_id: link.parentId,
    name: tagName(model, link.parentId),
    priority: link.priority,
    maxdepth: link.maxdepth,
    intransitive: link.intransitive,
    noconfig: false,
    pkg_filter: link.filter,
    child_id: link.tagId,
    nextdepth: link.nextdepth,
    currdepth: link.currdepth,
    filter: [...link.filters],
  };
}

export function historyRow(tagId: number, { created, revoked }: Versioned): XmlRpcStruct {
  return {
    tag_id: tagId,
    create_event: created,
    creator_id: 1,
    revoke_event: revoked,
    revoker_id: revoked === null ? null : 1,
    active: revoked === null ? true : null,
  };
}

export function packageRow(model: KojiModel, row: PackageRow): XmlRpcStruct {
  return {
    package_id: packageId(model, row.name),
    package_name: row.name,
    tag_id: row.tagId,
    tag_name: tagName(model, row.tagId),
    extra_arches: null,
    blocked: row.blocked,
    owner_id: 1,
    owner_name: 'builder',
  };
}

export function taskRow(model: KojiModel, task: FakeTask, withRequest: boolean): XmlRpcStruct {
  const ts = model.timeOf(1);
  return {
    id: task.id,
    state: task.state,
    create_time: timeText(ts),
    create_ts: ts,
    start_time: timeText(ts),
    start_ts: ts,
    completion_time: timeText(ts),
    completion_ts: ts,
    channel_id: 1,
    host_id: 1,
    parent: task.parent,
    label: null,
    waiting: false,
    awaited: false,
    owner: 1,
    method: task.method,
    arch: 'noarch',
    priority: 20,
    weight: 0.2,
    ...(withRequest && { request: [...task.request] }),
  };
}
