// Repository metadata of listed packages by createrepo_c.

import { mkdir } from 'node:fs/promises';
import type { ProcessRunner } from '../../app/ports.ts';
import { failure } from '../../compose/failure.ts';
import type { Answer } from '../../upstreams/answer.ts';
import { openCreated, type FoundRepository } from '../repo/open-repository.ts';

interface MetadataWanted {
  /** The directory that the packages are below. */
  readonly root: string;
  /** A file with their paths, one a line. */
  readonly list: string;
  /** The directory that repodata/ is written to. */
  readonly to: string;
  /** PATH of createrepo_c. */
  readonly path: string;
  readonly run: ProcessRunner;
  readonly signal: AbortSignal;
}

const KEPT_LINES = 10;

/** Rejects after an abort. */
export async function createMetadata({
  root,
  list,
  to,
  path,
  run,
  signal,
}: MetadataWanted): Promise<Answer<FoundRepository>> {
  await Promise.all([to, root].map((directory) => mkdir(directory, { recursive: true })));
  const output: string[] = [];
  const options = ['--quiet', '--no-database', '--checksum=sha256', '--workers=2'];
  const { exitCode } = await run({
    file: 'createrepo_c',
    args: [...options, `--outputdir=${to}`, `--pkglist=${list}`, root],
    cwd: to,
    env: { PATH: path, HOME: to, TMPDIR: to, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' },
    signal,
    onOutput: (line) => void (output.push(line) > KEPT_LINES && output.shift()),
  });
  signal.throwIfAborted();
  if (exitCode === 0) return openCreated(to);
  const message = `createrepo_c failed with exit code ${exitCode}. Ask the operators to check the worker.`;
  return { failure: failure('ENGINE_FAILED', message, output.join('\n') || null) };
}
