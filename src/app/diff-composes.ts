// What differs between two finished composes. The database finds the packages that only one of them has; what is left
// is small enough to be compared here.

import type { Compose } from '../compose/compose.ts';
import { diffPackages, type PackageDiff } from '../compose/package-diff.ts';
import { badInput, granted, refused, type Outcome } from '../compose/refusal.ts';
import type { Viewer } from '../compose/viewer.ts';
import type { ComposeStore, PackageRecord, PackageStore } from './ports.ts';
import { composeNotFound } from './refusals.ts';

export interface DiffComposesDeps {
  readonly store: Pick<ComposeStore, 'findMany'>;
  readonly packages: Pick<PackageStore, 'differences'>;
}

/** Packages that are in one of the two only, both sides together: beyond it an answer would hold up all others. */
export const MAX_DIFFERENCES = 5_000;

export async function diffComposes(
  deps: DiffComposesDeps,
  viewer: Viewer,
  from: string,
  to: string,
): Promise<Outcome<PackageDiff<PackageRecord>>> {
  const composes = await findDone(deps.store, viewer, from, to);
  if (!composes.ok) return composes;
  const [fromRoot, toRoot] = composes.value;
  const different = await deps.packages.differences(fromRoot, toRoot, MAX_DIFFERENCES, viewer.mayRead);
  // Packages go when a compose is removed: what was read while it was is no answer.
  const still = await findDone(deps.store, viewer, from, to);
  if (!still.ok) return still;
  if (different) return granted(diffPackages(different.from, different.to));
  return badInput({
    path: 'to',
    message: `differs from compose ${from} in more than ${MAX_DIFFERENCES} packages, which is more than an answer holds; page through \`packages\` of both instead`,
  });
}

/** The composes that have the packages of the two: those whose results they share. */
async function findDone(
  store: DiffComposesDeps['store'],
  { mayRead }: Viewer,
  ...ids: readonly [string, string]
): Promise<Outcome<readonly [string, string]>> {
  const found = await store.findMany(ids, mayRead);
  const done: Compose[] = [];
  for (const [index, compose] of found.entries()) {
    if (!compose) return composeNotFound(ids[index] ?? '');
    if (compose.state !== 'DONE' || compose.removingAt !== null) {
      return refused({
        code: 'CONFLICT',
        message: `Compose ${compose.id} is ${compose.state === 'DONE' ? 'being removed' : compose.state}; only DONE composes can be compared`,
      });
    }
    done.push(compose);
  }
  const [from, to] = done.map(({ id, reuses }) => reuses ?? id);
  if (!from || !to) throw new Error('A compose was neither found nor missed');
  return granted([from, to]);
}
