// What the dnf engine would put into a compose, told without making it. Pungi takes the same packages, so this holds for
// both.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PackageForecast, PackageRecord } from '../../app/ports.ts';
import { failure } from '../../compose/failure.ts';
import { choosePackages, type ChooseTools } from './choose-packages.ts';
import { packagePath, treeOf } from '../shared/layout.ts';
import { readPlan } from './plan.ts';

export function packageForecast(tools: ChooseTools): PackageForecast {
  return async ({ compose, input, scratch, limit, signal }) => {
    // Which of several signatures a package has stands in the package itself.
    if (input.repositories.length === 0 || input.koji || compose.sigkeys.some((key) => key !== '')) return null;
    // Nor is anything brought from afar for it.
    if (input.repositories.some(({ isPackageSet, isLocal }) => isPackageSet && !isLocal)) return null;
    const into = join(scratch, 'forecast');
    await mkdir(into, { recursive: true });
    const packages = new Map<string, PackageRecord>();
    const missing: (readonly string[])[] = [];
    const unresolved: string[] = [];
    for (const repository of input.repositories) {
      const { arch } = repository;
      const plan = join(into, `plan-${arch}`);
      const lookasides = input.lookasides.filter((lookaside) => lookaside.arch === arch);
      const result = await choosePackages({
        compose,
        arch,
        repository,
        lookasides,
        plan,
        known: join(into, `known-${arch}`),
        brought: input.downloadDirectory ?? into,
        scratch: into,
        tools,
        signal,
      });
      if ('code' in result) return { failure: result };
      missing.push(result.missing);
      unresolved.push(...result.unresolved);
      const { binary, debug, source } = result.counts;
      if (binary + debug + source > limit) return null;
      for await (const { category, nevra, sourceNevra, file, sizeBytes } of readPlan(plan)) {
        const path = packagePath(treeOf(category, arch), file);
        const [, name = '', rpmArch = ''] = /^(.+)-\d+:[^-]+-[^-]+\.([^.]+)$/.exec(nevra) ?? [];
        packages.set(path, {
          nevra,
          name,
          arch: rpmArch,
          sourceNevra: category === 'source' ? null : sourceNevra,
          sigkey: null,
          path,
          sizeBytes,
          treeArch: arch,
          category,
        });
      }
    }
    const [first = [], ...others] = missing;
    const absent = first.filter((name) => others.every((list) => list.includes(name)));
    if (absent.length > 0)
      return {
        failure: failure(
          'MISSING_PACKAGES',
          `Not in the repository: ${absent.slice(0, 20).join(', ')}${absent.length > 20 ? ` and ${absent.length - 20} more` : ''}`,
        ),
      };
    const [unmet] = unresolved;
    if (compose.flags.includes('CHECK_DEPS') && unmet !== undefined)
      return { failure: failure('UNSATISFIED_DEPENDENCIES', `${unmet}, which nothing provides`) };
    if (packages.size > limit) return null;
    return { packages: [...packages.values()].sort((left, right) => (left.path < right.path ? -1 : 1)) };
  };
}
