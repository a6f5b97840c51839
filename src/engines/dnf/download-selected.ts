// Downloads the selected packages of remote repositories.

import type { PackageDownloads } from '../../app/ports.ts';
import type { ComposeFailure } from '../../compose/failure.ts';
import type { DnfAttempt } from './dnf-attempt.ts';
import { downloadPackages } from './download-packages.ts';
import { readPlan } from './plan.ts';

const FROM_PERCENT = 15;
const SPAN = 40;

export async function downloadSelected(
  { generation, arches, downloads: to }: DnfAttempt,
  downloads: PackageDownloads,
): Promise<ComposeFailure | null> {
  for (const { repository, planFile, arch } of arches.filter((input) => !input.repository.isLocal)) {
    generation.progress(FROM_PERCENT, 'DOWNLOAD', arch);
    // The total is unknown without reading the whole plan, so that the percentage only approaches the end of its span.
    const onDone = (done: number) =>
      generation.progress(FROM_PERCENT + SPAN * (1 - 100 / (100 + done)), 'DOWNLOAD', `${arch}: ${done} packages`);
    const failed = await downloadPackages({
      packages: readPlan(planFile),
      from: repository.location,
      to,
      downloads,
      signal: generation.signal,
      onDone,
    });
    if (failed) return failed;
  }
  return null;
}
