// Resolving content sets against the fake Pulps.

import { onTestFinished } from 'vitest';
import type { ComposeFlag } from '../../../src/compose/vocabulary.ts';
import { resolveContentSets, type PulpPlan } from '../../../src/sources/pulp/resolve-content-sets.ts';
import type { PulpServer } from '../../../src/upstreams/pulp/pulp-repository.ts';
import { Pulp2Client } from '../../../src/upstreams/pulp/pulp2-client.ts';
import { Pulp3Client } from '../../../src/upstreams/pulp/pulp3-client.ts';
import { ACCOUNT } from './basic-auth.ts';
import { startFakePulp2, type FakeRepository } from './pulp2.ts';
import { startFakePulp3, type FakeDistribution } from './pulp3.ts';

export const CLIENT_OPTIONS = {
  basicAuth: ACCOUNT,
  timeouts: { idleMs: 250 },
  retry: { attempts: 3, firstPauseMs: 1 },
};

export async function pulp2(...repositories: FakeRepository[]) {
  const server = await startFakePulp2(...repositories);
  const pulp = new Pulp2Client({ ...CLIENT_OPTIONS, url: server.url });
  onTestFinished(async () => {
    await pulp.close();
    await server.close();
  });
  return { server, pulp };
}

export async function pulp3(...distributions: FakeDistribution[]) {
  const server = await startFakePulp3(...distributions);
  const pulp = new Pulp3Client({ ...CLIENT_OPTIONS, url: server.url });
  onTestFinished(async () => {
    await pulp.close();
    await server.close();
  });
  return { server, pulp };
}

export async function resolve(
  pulp: PulpServer,
  contentSets: readonly string[],
  flags: readonly ComposeFlag[] = [],
  signal = new AbortController().signal,
) {
  return await resolveContentSets({ contentSets, flags, arches: ['x86_64', 's390x'] }, pulp, signal);
}

export async function planOf(
  pulp: PulpServer,
  contentSets: readonly string[],
  flags: readonly ComposeFlag[] = [],
): Promise<PulpPlan> {
  const result = await resolve(pulp, contentSets, flags);
  if ('failure' in result) throw new Error(result.failure.message);
  return result.value;
}

export async function failureOf(pulp: PulpServer, contentSets: readonly string[], flags: readonly ComposeFlag[] = []) {
  const result = await resolve(pulp, contentSets, flags);
  if (!('failure' in result)) throw new Error('was resolved');
  return result.failure;
}
