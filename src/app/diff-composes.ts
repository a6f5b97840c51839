// The changes between the packages of two DONE composes. The database finds the packages that differ. Their versions are
// compared here, because PostgreSQL does not know the order of RPM versions.

import type { Compose } from '../compose/compose.ts';
import {
  changesOf,
  type PackageChange,
  type PackageChangeKind,
  type PackageVersions,
} from '../compose/package-diff.ts';
import { granted, type Outcome } from '../compose/refusal.ts';
import type { Viewer } from '../compose/viewer.ts';
import { runInSlices } from '../concurrency/slices.ts';
import { composeNotFound, conflict } from './refusals.ts';
import type { ComposeStore, PackageRecord, PackageStore } from './ports.ts';

export interface DiffDeps {
  readonly store: Pick<ComposeStore, 'findMany'>;
  readonly packages: Pick<PackageStore, 'byNevra' | 'differences'>;
}

export interface ComparedComposes {
  readonly from: string;
  readonly to: string;
}

export type ChangeCounts = Readonly<Record<PackageChangeKind, number>>;

/** The place of a change in the list of all changes: by name, by arch, then by its index among those of the package. */
export interface ChangeKey {
  readonly name: string;
  readonly arch: string;
  readonly index: number;
}

export interface PlacedChange {
  readonly change: PackageChange;
  readonly key: ChangeKey;
}

export interface ChangesQuery {
  readonly kind?: PackageChangeKind;
  readonly nameContains?: string;
  readonly after?: ChangeKey;
  readonly limit: number;
}

export interface ChangesPage {
  readonly items: readonly PlacedChange[];
  readonly hasNextPage: boolean;
}

/** Packages of the first query for changes of a kind. When it has too few of them, the second query has no limit. */
const FIRST_QUERY = 1_000;

/** Checks that two composes can be compared. */
export async function comparableComposes(
  { store }: DiffDeps,
  viewer: Viewer,
  { from, to }: ComparedComposes,
): Promise<Outcome<ComparedComposes>> {
  const done = await findDone(store, viewer, [from, to]);
  return done.ok ? granted({ from, to }) : done;
}

/** The exact number of changes of each kind. */
export async function countChanges(
  deps: DiffDeps,
  viewer: Viewer,
  compared: ComparedComposes,
  nameContains?: string,
): Promise<Outcome<ChangeCounts>> {
  return whileDone(deps, viewer, compared, async (from, to) => {
    const query = nameContains === undefined ? {} : { nameContains };
    const packages = await deps.packages.differences(from, to, query, viewer.mayRead);
    const counts = { ADDED: 0, REMOVED: 0, UPGRADED: 0, DOWNGRADED: 0 };
    await forEachChange(packages, ({ change }) => (counts[change.kind] += 1));
    return counts;
  });
}

/** A page of the changes, ordered by name and arch. */
export async function pageOfChanges(
  deps: DiffDeps,
  viewer: Viewer,
  compared: ComparedComposes,
  { kind, nameContains, after, limit }: ChangesQuery,
): Promise<Outcome<ChangesPage>> {
  return whileDone(deps, viewer, compared, async (fromId, toId) => {
    const items: PlacedChange[] = [];
    let last = after;
    for (const size of [kind ? Math.max(limit + 2, FIRST_QUERY) : limit + 2, undefined]) {
      const query = {
        ...(last && { from: last }),
        ...(size !== undefined && { limit: size }),
        ...(nameContains !== undefined && { nameContains }),
      };
      const packages = await deps.packages.differences(fromId, toId, query, viewer.mayRead);
      const start = last;
      await forEachChange(packages, (placed) => {
        if (start && !isBehind(placed.key, start)) return;
        last = placed.key;
        if (kind === undefined || placed.change.kind === kind) items.push(placed);
      });
      if (items.length > limit || packages.length !== size) break;
    }
    return { items: items.slice(0, limit), hasNextPage: items.length > limit };
  });
}

/** The added or removed packages of some changes, in their order. */
export async function packagesOfChanges(
  deps: DiffDeps,
  viewer: Viewer,
  compared: ComparedComposes,
  changes: readonly PackageChange[],
): Promise<Outcome<readonly PackageRecord[]>> {
  return whileDone(deps, viewer, compared, async (fromId, toId) => {
    const nevras = (kind: PackageChangeKind) =>
      changes.flatMap((change) => (change.kind === kind && change.nevra !== null ? [change.nevra] : []));
    const [removed, added] = await Promise.all([
      deps.packages.byNevra(fromId, nevras('REMOVED'), viewer.mayRead),
      deps.packages.byNevra(toId, nevras('ADDED'), viewer.mayRead),
    ]);
    const byNevra = new Map([...removed, ...added].map((found) => [found.nevra, found]));
    return changes.flatMap(({ nevra }) => byNevra.get(nevra ?? '') ?? []);
  });
}

/** In slices, because there may be as many packages as composes have. */
async function forEachChange(
  packages: readonly PackageVersions[],
  visit: (placed: PlacedChange) => void,
): Promise<void> {
  function* work(): Generator<void, void, void> {
    for (const versions of packages) {
      const { name, arch } = versions;
      changesOf(versions).forEach((change, index) => visit({ change, key: { name, arch, index } }));
      yield;
    }
  }
  await runInSlices(work(), new AbortController().signal);
}

/** For a key at or behind the package of `after`. */
function isBehind({ name, arch, index }: ChangeKey, after: ChangeKey): boolean {
  return name !== after.name || arch !== after.arch || index > after.index;
}

/** Reads packages of two composes. They disappear when a compose is removed, so the composes are checked again after. */
async function whileDone<T>(
  { store }: DiffDeps,
  viewer: Viewer,
  { from, to }: ComparedComposes,
  read: (fromGenerator: string, toGenerator: string) => Promise<T>,
): Promise<Outcome<T>> {
  const before = await findDone(store, viewer, [from, to]);
  if (!before.ok) return before;
  const value = await read(...before.value);
  const after = await findDone(store, viewer, [from, to]);
  return after.ok ? granted(value) : after;
}

/** The ids of the composes that generated the results of the two. */
async function findDone(
  store: DiffDeps['store'],
  { mayRead }: Viewer,
  ids: readonly [string, string],
): Promise<Outcome<readonly [string, string]>> {
  const [from, to] = await store.findMany(ids, mayRead);
  if (!from || !to) return composeNotFound(from ? ids[1] : ids[0]);
  return refuseUnfinished(from) ?? refuseUnfinished(to) ?? granted([from.reuses ?? from.id, to.reuses ?? to.id]);
}

function refuseUnfinished({ id, state, removingAt }: Compose): Outcome<never> | null {
  if (state === 'DONE' && removingAt === null) return null;
  const status = state === 'DONE' ? 'being removed' : state;
  return conflict(`Compose ${id} is ${status}. Only DONE composes can be compared`);
}
