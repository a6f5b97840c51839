// Module defaults: YAML documents of a git repository at a commit, fetched here so that Pungi does not call git itself.

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProcessRunner } from '../../app/ports.ts';
import type { ComposeSource } from '../../compose/sources/descriptors.ts';
import type { ModuleDefaults } from '../../compose/sources/shared-fields.ts';
import type { Answer } from '../../upstreams/answer.ts';
import { GitClient } from '../../upstreams/git/git-client.ts';
import { isFullCommit } from '../../upstreams/git/revision.ts';

export interface GitTools {
  /** PATH of git. */
  readonly path: string;
  readonly run: ProcessRunner;
}

interface FetchedDefaults {
  readonly commit: string;
  readonly directory: string;
}

export function moduleDefaultsOf(source: ComposeSource): ModuleDefaults | null {
  return 'moduleDefaults' in source ? source.moduleDefaults : null;
}

/** The commit that a branch or tag means now. */
export async function identifyDefaults(
  { url, commit }: ModuleDefaults,
  tools: GitTools,
  signal: AbortSignal,
): Promise<Answer<string>> {
  if (isFullCommit(commit)) return { value: commit };
  const scratch = await mkdtemp(join(tmpdir(), 'odcs-defaults-'));
  try {
    return await clientFor(url, tools).resolve(url, commit, { run: tools.run, scratch, signal });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

export async function fetchDefaults(
  { url, commit }: ModuleDefaults,
  tools: GitTools,
  { scratch, signal }: { readonly scratch: string; readonly signal: AbortSignal },
): Promise<Answer<FetchedDefaults>> {
  const gitScratch = join(scratch, 'module-defaults-git');
  const directory = join(scratch, 'module-defaults');
  await mkdir(gitScratch, { recursive: true });
  const context = { run: tools.run, scratch: gitScratch, signal };
  const checkedOut = await clientFor(url, tools).checkOut(url, commit, directory, context);
  return 'failure' in checkedOut ? checkedOut : { value: { commit: checkedOut.value, directory } };
}

/** Validation of the request has checked the URL against the allowed ones. */
function clientFor(url: string, { path }: GitTools): GitClient {
  return new GitClient({ path, urls: [url], protocols: ['https', 'http'] });
}
