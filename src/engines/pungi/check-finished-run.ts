// Problems that Pungi only mentions in its logs while it exits with 0: requested packages that it did not find, and unresolved
// requirements of modules.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Generation } from '../../app/ports.ts';
import type { ComposeFailure } from '../../compose/failure.ts';
import { missingPackagesFailure, unsatisfiedDependenciesFailure } from '../../compose/package-failures.ts';
import { VARIANT } from '../../compose/productmd.ts';
import { requestedPackages } from '../../compose/sources/descriptors.ts';
import { isPossiblePackageName } from '../shared/package-names.ts';
import { readTail } from './log-excerpt.ts';

export async function checkFinishedRun(generation: Generation): Promise<ComposeFailure | null> {
  const requested = requestedPackages(generation.input.source);
  const notFound = await packagesNotFound(requested.filter(isPossiblePackageName), generation);
  const missing = requested.filter((name) => !isPossiblePackageName(name) || notFound.includes(name));
  if (missing.length > 0) return missingPackagesFailure(missing);
  return generation.compose.flags.includes('CHECK_DEPS') ? await unresolvedRequirements(generation) : null;
}

/** The names that Pungi found for no arch. */
async function packagesNotFound(names: readonly string[], generation: Generation): Promise<readonly string[]> {
  let missing = names;
  for (const arch of generation.compose.arches) {
    const logs = await Promise.all([
      readTail(join(generation.directory, 'logs', arch, `pkgset_source.${arch}.log`)),
      readTail(join(generation.directory, 'work', arch, 'pungi', `${VARIANT}.${arch}.comps.log`)),
    ]);
    const unmatched = new Set(
      logs.flatMap((log) => [...log.matchAll(/No package matches pattern (.*)$/gm)].map((match) => match[1])),
    );
    missing = missing.filter((name) => unmatched.has(name));
  }
  return missing;
}

/** From the logs of Pungi's solver for modules, which ignores `check_deps`. */
async function unresolvedRequirements({ compose, directory }: Generation): Promise<ComposeFailure | null> {
  const problems: string[] = [];
  for (const arch of compose.arches) {
    const logs = join(directory, 'logs', arch);
    const names = (await readdir(logs).catch(() => [])).filter((name) => /^hybrid-depsolver-.*\.log$/.test(name));
    for (const name of names.toSorted())
      problems.push(...solverProblems(await readTail(join(logs, name))).map((problem) => `${problem} (${arch})`));
  }
  return problems.length === 0 ? null : unsatisfiedDependenciesFailure(problems);
}

/** The indented lines after `Problem 1 / 2:`. */
function solverProblems(log: string): string[] {
  const lines = [...log.matchAll(/^Problem \d+ \/ \d+:\n((?: +- .*\n?)+)/gm)].flatMap(([, list]) =>
    (list ?? '').split('\n').map((line) => line.replace(/^ +- /, '').trim()),
  );
  return [...new Set(lines.filter((line) => / requires | conflicts |nothing provides/.test(line)))];
}
