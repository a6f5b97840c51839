// What the dnf engine works on for one arch, and the files that its steps exchange.

import { join } from 'node:path';
import type { OpenedRepository, ResolvedInput } from '../../app/ports.ts';

export interface ArchInput {
  readonly arch: string;
  readonly repository: OpenedRepository;
  readonly lookasides: readonly OpenedRepository[];
  /** The selected packages (plan.ts). */
  readonly planFile: string;
  /** The arch's part of rpms.json (shared/rpms-json.ts). */
  readonly manifestPart: string;
  /** The packages whose metadata can be reused, in the form for `PackageMetadata`. */
  readonly metadataRequest: string;
  /** Directory of that metadata. */
  readonly metadataDirectory: string;
}

/** `scratch`: the directory of the files. */
export function archInputs({ repositories, lookasides }: ResolvedInput, scratch: string): readonly ArchInput[] {
  return repositories.map((repository) => {
    const { arch } = repository;
    return {
      arch,
      repository,
      lookasides: lookasides.filter((lookaside) => lookaside.arch === arch),
      planFile: join(scratch, `plan-${arch}`),
      manifestPart: join(scratch, `rpms-${arch}.json`),
      metadataRequest: join(scratch, `metadata-request-${arch}`),
      metadataDirectory: join(scratch, `metadata-${arch}`),
    };
  });
}
