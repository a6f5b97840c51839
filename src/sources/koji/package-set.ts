// The packages that Pungi would take from Koji, as repositories for an engine that reads packages itself. The hub decides
// which RPMs they are, at the exact event. Their metadata comes from Koji's own repository of the tag, of whatever event it
// is, and from createrepo_c for RPMs that it does not have.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResolvedInput } from '../../app/ports.ts';
import { binaryArches } from '../../compose/arches.ts';
import type { Compose } from '../../compose/compose.ts';
import type { Answer } from '../../upstreams/answer.ts';
import type { KojiHub } from '../../upstreams/koji/koji-hub.ts';
import type { OpenedRepositories } from '../repo/repository-reader.ts';
import type { KojiSelection } from './koji-lookup.ts';
import { listRpms } from './list-rpms.ts';
import { PackageSetBuilder, type PackageSetContext, type PackageSetSources } from './package-set-builder.ts';
import { latestTagRepository } from './tag-repository.ts';

export interface PackageSetOptions extends PackageSetSources {
  readonly hub: KojiHub;
  /** Koji's own repositories of tags are at `<repoUrl>/<tag>/<id>/<arch>`; null if none are configured. */
  readonly repoUrl: string | null;
}

type PackageSet = OpenedRepositories & Required<Pick<ResolvedInput, 'downloadDirectory'>>;

/** Rejects after an abort. */
export async function openPackageSet(
  options: PackageSetOptions,
  compose: Compose,
  selection: Pick<KojiSelection, 'tag' | 'event' | 'inheritance' | 'builds'>,
  { signal, run, log, ...context }: PackageSetContext,
): Promise<Answer<PackageSet>> {
  const { hub, packages, repoUrl } = options;
  const { arches, sigkeys } = compose;
  const files = await packages.locateFiles();
  if ('failure' in files) return files;
  const scratch = join(context.scratch, 'koji');
  const downloadDirectory = join(scratch, 'downloads');
  await mkdir(downloadDirectory, { recursive: true });
  const list = join(scratch, 'packages');
  const wanted = { selection, arches: ['src', ...binaryArches(arches)], sigkeys };
  const problem = await listRpms(hub, wanted, list, signal);
  if (problem) return { failure: problem };
  const tagRepository = await latestTagRepository(hub, repoUrl, selection.tag, signal);
  if ('failure' in tagRepository) return tagRepository;
  const builder = new PackageSetBuilder(options, {
    compose,
    tag: selection.tag,
    tagRepository: tagRepository.value,
    files: files.value,
    list,
    downloadDirectory,
    context: { scratch, signal, run, log },
  });
  for (const arch of arches) {
    const failed = await builder.add(arch);
    if (failed) return { failure: failed };
  }
  return { value: { ...builder.opened, downloadDirectory } };
}
