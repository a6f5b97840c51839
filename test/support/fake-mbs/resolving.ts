// Resolving modules against the fake MBS.

import { onTestFinished } from 'vitest';
import {
  resolveModules,
  type ModulesWanted,
  type ResolveModulesOptions,
} from '../../../src/sources/module/resolve-modules.ts';
import { MbsClient } from '../../../src/upstreams/mbs/mbs-client.ts';
import { formatNsvc } from '../../../src/upstreams/mbs/nsvc.ts';
import { startFakeMbs, type FakeBuild, type FakeMbs } from './index.ts';

/** Closed after the test. */
export async function withMbs(...builds: FakeBuild[]) {
  const mbs = await startFakeMbs(...builds);
  const client = new MbsClient({ url: mbs.apiUrl, timeouts: { idleMs: 250 }, retry: { attempts: 3, firstPauseMs: 1 } });
  onTestFinished(async () => {
    await client.close();
    await mbs.close();
  });
  return { mbs, client };
}

export interface Options extends Partial<Omit<ModulesWanted, 'modules'>>, Partial<Omit<ResolveModulesOptions, 'mbs'>> {
  readonly signal?: AbortSignal;
}

export async function resolve(client: MbsClient, modules: readonly string[], options: Options = {}) {
  const {
    baseModule = null,
    includeDone = false,
    dependencies = true,
    findInKoji = null,
    signal = new AbortController().signal,
    ...rest
  } = options;
  return await resolveModules(
    { modules, baseModule, includeDone, dependencies },
    { mbs: client, findInKoji, ...rest },
    signal,
  );
}

export async function names(
  client: MbsClient,
  modules: readonly string[],
  options: Options = {},
): Promise<readonly string[]> {
  const result = await resolve(client, modules, options);
  if ('failure' in result) throw new Error(result.failure.message);
  return result.value.map(formatNsvc);
}

export async function failureOf(client: MbsClient, modules: readonly string[], options: Options = {}) {
  const result = await resolve(client, modules, options);
  if (!('failure' in result)) throw new Error(`resolved to ${result.value.map(formatNsvc).join(' ')}`);
  return result.failure;
}

/** The names that MBS was asked for. */
export function asked(mbs: FakeMbs): readonly string[] {
  return mbs.requests.map(({ url }) => new URL(url, 'http://fake').searchParams.get('nsvc') ?? '');
}
