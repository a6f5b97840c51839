// The content of a Koji in memory. As in its database, tags, inheritance, package lists and taggings are versioned by
// events; builds, RPMs, signatures and tasks are not.

import { XmlRpcDateTime, type XmlRpcValue } from '../../../src/upstreams/xml-rpc/value.ts';

export interface Versioned {
  readonly created: number;
  revoked: number | null;
}

export interface TagConfig extends Versioned {
  readonly tagId: number;
  readonly arches: string;
}
export interface Link extends Versioned {
  readonly tagId: number;
  readonly parentId: number;
  readonly priority: number;
  readonly maxdepth: number | null;
  readonly intransitive: boolean;
  readonly filter: string;
}
export interface PackageRow extends Versioned {
  readonly tagId: number;
  readonly name: string;
  readonly blocked: boolean;
}
export interface Listing extends Versioned {
  readonly tagId: number;
  readonly buildId: number;
}
export interface FakeRpm {
  readonly id: number;
  readonly buildId: number;
  readonly name: string;
  readonly arch: string;
  readonly metadataOnly: boolean;
  readonly sigkeys: Set<string>;
  /** Of the file; null where the test has none. */
  readonly sizeBytes: number | null;
  readonly payloadHash: string | null;
}
export interface FakeBuild {
  readonly id: number;
  readonly name: string;
  readonly version: string;
  readonly release: string;
  readonly nvr: string;
  readonly epoch: number | null;
  state: number;
  readonly volume: string;
  readonly types: readonly string[];
  readonly extra: XmlRpcValue;
  readonly event: number;
  readonly rpms: FakeRpm[];
  /** Files other than RPMs, e.g. a module's metadata. */
  readonly archives: readonly FakeArchive[];
}
export interface FakeArchive {
  readonly id: number;
  readonly type: string;
  readonly filename: string;
}
export interface FakeTask {
  readonly id: number;
  readonly method: string;
  readonly state: number;
  readonly parent: number | null;
  readonly request: readonly XmlRpcValue[];
  readonly result: XmlRpcValue;
}

export const BUILD_STATE = { BUILDING: 0, COMPLETE: 1, DELETED: 2, FAILED: 3, CANCELED: 4 } as const;
export const TASK_STATE = { FREE: 0, OPEN: 1, CLOSED: 2, CANCELED: 3, ASSIGNED: 4, FAILED: 5 } as const;

const FIRST_TIME = 1_790_000_000.25;

export class KojiModel {
  readonly tags = new Map<string, number>();
  readonly configs: TagConfig[] = [];
  readonly links: Link[] = [];
  readonly packages: PackageRow[] = [];
  readonly listings: Listing[] = [];
  readonly builds = new Map<number, FakeBuild>();
  readonly rpms = new Map<number, FakeRpm>();
  readonly tasks = new Map<number, FakeTask>();
  /** Repositories of tags, oldest first. */
  readonly repos: { readonly id: number; readonly tag: string; readonly create_event: number }[] = [];
  /** Paths of signed copies below the top URL. */
  readonly signedCopies = new Set<string>();
  #event = 0;
  #id = 100;

  get lastEvent(): number {
    return this.#event;
  }

  timeOf(event: number): number {
    return FIRST_TIME + event * 60;
  }

  /** Makes an event that changes no tag. */
  eventElsewhere(): number {
    return ++this.#event;
  }

  addTag(name: string, options: { readonly arches?: string; readonly parents?: readonly string[] } = {}): number {
    const id = this.tags.get(name) ?? this.#nextId();
    this.tags.set(name, id);
    this.configs.push({
      tagId: id,
      arches: options.arches ?? 'x86_64 aarch64',
      created: this.eventElsewhere(),
      revoked: null,
    });
    for (const [index, parent] of (options.parents ?? []).entries())
      this.inherit(name, parent, { priority: index * 10 });
    return id;
  }

  makeRepo(tag: string): number {
    const id = this.#nextId();
    this.repos.push({ id, tag, create_event: this.eventElsewhere() });
    return id;
  }

  deleteTag(name: string): void {
    const id = this.tagId(name);
    this.#revoke(this.configs, (row) => row.tagId === id);
  }

  inherit(
    child: string,
    parent: string,
    options: {
      readonly priority?: number;
      readonly maxdepth?: number | null;
      readonly intransitive?: boolean;
      readonly filter?: string;
    } = {},
  ): void {
    const { priority = 0, maxdepth = null, intransitive = false, filter = '' } = options;
    this.links.push({
      tagId: this.tagId(child),
      parentId: this.tagId(parent),
      priority,
      maxdepth,
      intransitive,
      filter,
      created: this.eventElsewhere(),
      revoked: null,
    });
  }

  disinherit(child: string, parent: string): void {
    const [tagId, parentId] = [this.tagId(child), this.tagId(parent)];
    this.#revoke(this.links, (row) => row.tagId === tagId && row.parentId === parentId);
  }

  addPackage(tag: string, name: string, blocked = false): void {
    const tagId = this.tagId(tag);
    const event = this.eventElsewhere();
    for (const row of this.packages)
      if (row.tagId === tagId && row.name === name && row.revoked === null) row.revoked = event;
    this.packages.push({ tagId, name, blocked, created: event, revoked: null });
  }

  blockPackage(tag: string, name: string): void {
    this.addPackage(tag, name, true);
  }

  addBuild(
    nvr: string,
    options: {
      readonly state?: number;
      readonly epoch?: number | null;
      readonly volume?: string;
      readonly types?: readonly string[];
      readonly extra?: XmlRpcValue;
      readonly archives?: readonly Omit<FakeArchive, 'id'>[];
      readonly rpms?: readonly (Partial<
        Pick<FakeRpm, 'name' | 'arch' | 'metadataOnly' | 'sizeBytes' | 'payloadHash'>
      > & { readonly sigkeys?: readonly string[] })[];
    } = {},
  ): FakeBuild {
    const [, name = '', version = '', release = ''] = /^(.+)-([^-]+)-([^-]+)$/.exec(nvr) ?? [];
    const { state = BUILD_STATE.COMPLETE, epoch = null, volume = 'DEFAULT', types = ['rpm'], extra = null } = options;
    const archives = (options.archives ?? []).map((archive) => ({ id: this.#nextId(), ...archive }));
    const build: FakeBuild = {
      id: this.#nextId(),
      name,
      version,
      release,
      nvr,
      epoch,
      state,
      volume,
      types,
      extra,
      event: this.eventElsewhere(),
      rpms: [],
      archives,
    };
    const isRpm = types.includes('rpm');
    for (const rpm of options.rpms ?? (isRpm ? [{ arch: 'src' }, { arch: 'x86_64' }] : [])) {
      const one: FakeRpm = {
        id: this.#nextId(),
        buildId: build.id,
        name: rpm.name ?? name,
        arch: rpm.arch ?? 'x86_64',
        metadataOnly: rpm.metadataOnly ?? false,
        sigkeys: new Set(),
        sizeBytes: rpm.sizeBytes ?? null,
        payloadHash: rpm.payloadHash ?? null,
      };
      build.rpms.push(one);
      this.rpms.set(one.id, one);
      for (const key of rpm.sigkeys ?? []) this.sign(build, one, key);
    }
    this.builds.set(build.id, build);
    return build;
  }

  /** Makes no event, as in Koji. */
  sign(build: FakeBuild, rpm: FakeRpm, sigkey: string): void {
    rpm.sigkeys.add(sigkey.toLowerCase());
    this.signedCopies.add(signedPath(build, rpm, sigkey.toLowerCase()));
  }

  /** Deletes the files; the signatures stay in the database. */
  pruneSignedCopies(build: FakeBuild): void {
    for (const rpm of build.rpms) for (const key of rpm.sigkeys) this.signedCopies.delete(signedPath(build, rpm, key));
  }

  /** Adds the package to the tag's list, unless `listPackage` is false or the tag has it. */
  tagBuild(tag: string, nvr: string, listPackage = true): void {
    const tagId = this.tagId(tag);
    const build = this.build(nvr);
    if (
      listPackage &&
      !this.packages.some((row) => row.tagId === tagId && row.name === build.name && row.revoked === null)
    )
      this.addPackage(tag, build.name);
    this.listings.push({ tagId, buildId: build.id, created: this.eventElsewhere(), revoked: null });
  }

  untagBuild(tag: string, nvr: string): void {
    const [tagId, buildId] = [this.tagId(tag), this.build(nvr).id];
    this.#revoke(this.listings, (row) => row.tagId === tagId && row.buildId === buildId);
  }

  /** A tagged module build and the tag of its content, with the metadata files that MBS imports: one for all, one for each arch. */
  addModule(
    tag: string,
    nsvc: string,
    modulemd = `document: modulemd\n# ${nsvc}\n`,
    content: readonly string[] = [],
  ): FakeBuild {
    const [name = '', stream = '', version = '', context = ''] = nsvc.split(':');
    const contentTag = `module-${nsvc.replaceAll(':', '-')}`;
    const typeinfo = {
      module: { name, stream, version, context, modulemd_str: modulemd, content_koji_tag: contentTag },
    };
    const archives = ['modulemd.txt', 'modulemd.x86_64.txt', 'modulemd.aarch64.txt'].map((filename) => ({
      type: 'module',
      filename,
    }));
    const build = this.addBuild(`${name}-${stream.replaceAll('-', '_')}-${version}.${context}`, {
      types: ['module'],
      extra: { typeinfo },
      archives,
    });
    this.tagBuild(tag, build.nvr);
    this.addTag(contentTag);
    for (const nvr of content) this.tagBuild(contentTag, nvr);
    return build;
  }

  /** Deletes all builds and their taggings. */
  forgetBuilds(): void {
    this.builds.clear();
    this.rpms.clear();
    this.signedCopies.clear();
    this.listings.length = 0;
  }

  addTask(
    options: {
      readonly method?: string;
      readonly state?: number;
      readonly parent?: number | null;
      readonly request?: readonly XmlRpcValue[];
      readonly result?: XmlRpcValue;
    } = {},
  ): number {
    const {
      method = 'build',
      state = TASK_STATE.CLOSED,
      parent = null,
      request = ['git+https://src.example/rpms/foo#abc', 'f43', { scratch: true }],
      result = null,
    } = options;
    const id = this.#nextId();
    this.tasks.set(id, { id, method, state, parent, request, result });
    return id;
  }

  /** A scratch build: a task without a build, and child tasks with the files. */
  addScratchBuild(rpms: readonly string[]): number {
    const parent = this.addTask();
    const id = this.#nextId();
    const made = (files: readonly string[]): string[] => files.map((file) => `tasks/${id % 10_000}/${id}/${file}`);
    const [sources, binaries] = [
      rpms.filter((file) => file.endsWith('.src.rpm')),
      rpms.filter((file) => !file.endsWith('.src.rpm')),
    ];
    this.addTask({
      method: 'buildSRPMFromSCM',
      parent,
      request: [],
      result: { srpm: made(sources)[0] ?? null, logs: [], brootid: 1 },
    });
    this.tasks.set(id, {
      id,
      method: 'buildArch',
      state: TASK_STATE.CLOSED,
      parent,
      request: [],
      result: { rpms: made(binaries), srpms: made(sources), logs: [], brootid: 2 },
    });
    return parent;
  }

  tagId(name: string): number {
    const id = this.tags.get(name);
    if (id === undefined) throw new Error(`the fake Koji has no tag ${name}`);
    return id;
  }

  build(nvr: string): FakeBuild {
    const build = this.findBuild(nvr);
    if (!build) throw new Error(`the fake Koji has no build ${nvr}`);
    return build;
  }

  findBuild(nvr: string): FakeBuild | undefined {
    return [...this.builds.values()].find((one) => one.nvr === nvr);
  }

  #revoke<T extends Versioned>(rows: readonly T[], concerns: (row: T) => boolean): void {
    const event = this.eventElsewhere();
    for (const row of rows) if (row.revoked === null && concerns(row)) row.revoked = event;
  }

  #nextId(): number {
    return ++this.#id;
  }
}

/** Koji's eventCondition. */
export function activeAt(row: Versioned, event: number | null): boolean {
  return event === null ? row.revoked === null : row.created <= event && (row.revoked === null || event < row.revoked);
}

/** Path of the unsigned copy. */
export function rpmFileOf({ volume, name, version, release }: FakeBuild, rpm: FakeRpm): string {
  return `${volume === 'DEFAULT' ? '' : `vol/${volume}/`}packages/${name}/${version}/${release}/${rpm.arch}/${rpm.name}-${version}-${release}.${rpm.arch}.rpm`;
}

export function signedPath(build: FakeBuild, rpm: FakeRpm, sigkey: string): string {
  const volume = build.volume === 'DEFAULT' ? '' : `vol/${build.volume}/`;
  const { version, release } = build;
  return `${volume}packages/${build.name}/${version}/${release}/data/signed/${sigkey}/${rpm.arch}/${rpm.name}-${version}-${release}.${rpm.arch}.rpm`;
}

/** The text that Koji's hub writes for a time. */
export function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('T', ' ').replace('Z', '000+00:00');
}

export function dateTime(seconds: number): XmlRpcDateTime {
  return new XmlRpcDateTime(new Date(seconds * 1000).toISOString().replace(/[-]|\..*$/g, ''));
}
