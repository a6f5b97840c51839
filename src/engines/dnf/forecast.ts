// Forecasts the packages of a compose without generating it. The dnf engine and Pungi select the same packages, so that the
// forecast holds for both.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PackageForecast, PackageRecord } from '../../app/ports.ts';
import { parseNevra } from '../../compose/rpm-package.ts';
import { compareText } from '../../compose/rpm-version.ts';
import { packagePath, treeOf } from '../shared/layout.ts';
import { archInputs, type ArchInput } from './arch-input.ts';
import { readPlan } from './plan.ts';
import { selectForArch, type SelectionTools } from './select-for-arch.ts';
import { selectionFailure } from './selection-failure.ts';
import type { ArchSelection } from './selection-thread.ts';

type Forecasted = Parameters<PackageForecast>[0];

export function packageForecast(tools: SelectionTools): PackageForecast {
  return async (forecasted) => {
    const { compose, input, scratch, limit, signal } = forecasted;
    if (!canForecast(forecasted)) return null;
    const directory = join(scratch, 'forecast');
    await mkdir(directory, { recursive: true });
    const downloads = input.downloadDirectory ?? directory;
    const packages = new Map<string, PackageRecord>();
    const selections: ArchSelection[] = [];
    for (const arch of archInputs(input, directory)) {
      const selection = await selectForArch({ compose, input: arch, downloads, scratch: directory, tools, signal });
      if ('code' in selection) return { failure: selection };
      selections.push(selection);
      const { binary, debug, source } = selection.counts;
      if (binary + debug + source > limit) return null;
      for await (const record of plannedRecords(arch)) packages.set(record.path, record);
    }
    const failed = selectionFailure(compose, selections);
    if (failed) return { failure: failed };
    if (packages.size > limit) return null;
    return { packages: [...packages.values()].sort((left, right) => compareText(left.path, right.path)) };
  };
}

/** Not with sigkeys, which only the RPM files tell, and not when packages of Koji would have to be downloaded. */
function canForecast({ compose, input }: Forecasted): boolean {
  return (
    input.repositories.length > 0 &&
    !input.koji &&
    !compose.sigkeys.some((key) => key !== '') &&
    !input.repositories.some(({ isPackageSet, isLocal }) => isPackageSet && !isLocal)
  );
}

async function* plannedRecords({ arch, planFile }: ArchInput): AsyncGenerator<PackageRecord> {
  for await (const { category, nevra, sourceNevra, file, sizeBytes } of readPlan(planFile)) {
    const parts = parseNevra(nevra);
    yield {
      nevra,
      name: parts?.name ?? '',
      arch: parts?.arch ?? '',
      sourceNevra: category === 'source' ? null : sourceNevra,
      sigkey: null,
      path: packagePath(treeOf(category, arch), file),
      sizeBytes,
      treeArch: arch,
      category,
    };
  }
}
