// The third step of an attempt: reads the packages that the engine produced and checks that the packages asked for by
// name are among them.

import { missingPackagesFailure } from '../../compose/package-failures.ts';
import { isGlob, missingPackages } from '../../compose/package-pattern.ts';
import { descriptorOf, requestedPackages } from '../../compose/sources/descriptors.ts';
import { runInSlices } from '../../concurrency/slices.ts';
import type { AttemptDirectory, PackageRecord } from '../ports.ts';
import type { Attempt } from './attempt.ts';
import type { Step } from './machine.ts';

export async function validatePackages(
  { compose, deps, reporter, signal }: Attempt,
  directory: AttemptDirectory,
): Promise<Step<readonly PackageRecord[]>> {
  reporter.report(97, 'VALIDATE');
  const { source, flags } = compose;
  if (descriptorOf(source).output === 'repo-file') return { ok: true, value: [] };
  const packages = await deps.results.readManifest(directory);
  const requested = requestedPackages(source);
  // With NO_DEPS Pungi reads a name as a regular expression, so only plain names can be checked here.
  const named = flags.includes('NO_DEPS') ? requested.filter((name) => !isGlob(name)) : requested;
  const missing = await runInSlices(missingPackages(named, packages), signal);
  if (missing.length === 0) return { ok: true, value: packages };
  return { ok: false, failure: missingPackagesFailure(missing) };
}
