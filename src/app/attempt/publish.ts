// The last step of an attempt: makes the results visible by one rename, in the transaction that makes the compose DONE.

import type { Compose } from '../../compose/compose.ts';
import { changeCompose } from '../change-compose.ts';
import type { AttemptDirectory, PackageRecord, ResolvedInput } from '../ports.ts';
import { updateLatestLinks } from '../update-latest-links.ts';
import type { Attempt } from './attempt.ts';
import { descriptorOf } from '../../compose/sources/descriptors.ts';

/** `refused`: a later attempt has begun, or a cancel came first. */
export async function publishAttempt(
  attempt: Attempt,
  directory: AttemptDirectory,
  input: ResolvedInput,
  packages: readonly PackageRecord[],
): Promise<'published' | 'refused'> {
  const { deps, compose, reporter } = attempt;
  reporter.report(100, 'PUBLISH');
  await deps.results.writeRepoFile(compose, directory);
  await deps.results.flushLog(compose, attempt.number);
  await reporter.close();
  const done = await saveDone(attempt, directory, input, packages);
  if (!done) return 'refused';
  if (hasLatestLinks(compose))
    await updateLatestLinks(deps, compose.id).catch((error: unknown) =>
      attempt.logger.warn({ err: error }, 'The latest-* links could not be updated; the next sweep retries'),
    );
  return 'published';
}

/** Null if the lifecycle machine refuses. */
async function saveDone(
  attempt: Attempt,
  directory: AttemptDirectory,
  input: ResolvedInput,
  packages: readonly PackageRecord[],
): Promise<Compose | null> {
  const { results, clock, rules } = attempt.deps;
  const { id } = attempt.compose;
  return attempt.transaction(async (tx) => {
    const locked = await tx.lock(id);
    if (!locked) return null;
    // An earlier try was committed, but the connection broke before its answer arrived.
    if (locked.state === 'DONE' && locked.attempt === attempt.number) return locked;
    const event = { type: 'SUCCEED', at: clock.now(), attempt: attempt.number } as const;
    const patch = { source: input.source, linksDue: hasLatestLinks(locked), ...keptConfiguration(attempt) };
    const meanwhile = async () => {
      await tx.insertPackages(id, packages);
      await results.publish(locked, directory);
    };
    return changeCompose(tx, locked, { event, by: 'system', patch, meanwhile }, rules);
  });
}

function hasLatestLinks({ source }: Compose): boolean {
  return descriptorOf(source).output === 'variants';
}

/** Composes of these types may be respun long after their configuration is gone from its repository. */
function keptConfiguration({ compose, configuration }: Attempt): { readonly pungiConfigDump?: string } {
  const isKept = compose.composeType === 'PRODUCTION' || compose.composeType === 'DEVELOPMENT';
  return isKept && configuration !== null ? { pungiConfigDump: configuration } : {};
}
