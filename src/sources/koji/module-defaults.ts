// Module defaults: the YAML documents of a git repository at a commit, brought here so that Pungi need not ask git itself.

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProcessRunner } from '../../app/ports.ts';
import type { ComposeFailure } from '../../compose/failure.ts';
import { GitSource } from '../../upstreams/git/git-source.ts';
import { isFullCommit } from '../../upstreams/git/revision.ts';
import type { ComposeSource } from '../../compose/sources/descriptors.ts';
import type { ModuleDefaults } from '../../compose/sources/shared-fields.ts';

export interface GitTools {
  /** PATH of git. */
  readonly path: string;
  readonly run: ProcessRunner;
}

export function moduleDefaultsOf(source: ComposeSource): ModuleDefaults | null {
  return 'moduleDefaults' in source ? source.moduleDefaults : null;
}

/** What a branch or tag stands for just now. */
export async function identifyDefaults(
  { url, commit }: ModuleDefaults,
  tools: GitTools,
  signal: AbortSignal,
): Promise<{ readonly commit: string } | { readonly failure: ComposeFailure }> {
  if (isFullCommit(commit)) return { commit };
  const scratch = await mkdtemp(join(tmpdir(), 'odcs-defaults-'));
  try {
    return await sourceOf(url, tools).resolve(url, commit, { run: tools.run, scratch, signal });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

export async function fetchDefaults(
  { url, commit }: ModuleDefaults,
  tools: GitTools,
  { scratch, signal }: { readonly scratch: string; readonly signal: AbortSignal },
): Promise<{ readonly commit: string; readonly directory: string } | { readonly failure: ComposeFailure }> {
  const own = join(scratch, 'module-defaults-git');
  const directory = join(scratch, 'module-defaults');
  await mkdir(own, { recursive: true });
  const checkedOut = await sourceOf(url, tools).checkOut(url, commit, directory, {
    run: tools.run,
    scratch: own,
    signal,
  });
  return 'failure' in checkedOut ? checkedOut : { ...checkedOut, directory };
}

/** The request was checked against the URLs that are allowed: this one is. */
function sourceOf(url: string, { path }: GitTools): GitSource {
  return new GitSource({ path, urls: [url], protocols: ['https', 'http'] });
}
