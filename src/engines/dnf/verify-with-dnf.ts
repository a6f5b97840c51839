// The last step of the dnf engine: dnf reads the new repositories and must list exactly the planned packages. It runs without
// the host's configuration, cache, plugins and repositories.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import type { RpmCategory } from '../../compose/rpm-package.ts';
import { treeOf, type Tree } from '../shared/layout.ts';
import { runTool, toolFailure, type ToolContext } from '../shared/run-tool.ts';
import { readPlan } from './plan.ts';

interface VerifyTask {
  /** dnf or dnf5. */
  readonly command: string;
  readonly arch: string;
  /** Trees to read: those of the arch, and once the source tree. */
  readonly trees: readonly Tree[];
  readonly target: string;
  /** Plans of all arches, by arch. The source tree has the sources of all of them. */
  readonly plans: ReadonlyMap<string, string>;
}

const MAX_EXAMPLES = 10;
/** Marks the lines of the answer: dnf 5 can print messages to stdout in spite of --quiet. */
const PREFIX = 'package: ';

export async function verifyWithDnf(task: VerifyTask, context: ToolContext): Promise<ComposeFailure | null> {
  const home = join(context.generation.scratch, `dnf-${task.arch}`);
  await mkdir(join(home, 'root'), { recursive: true });
  await writeFile(join(home, 'dnf.conf'), '[main]\n');
  const missing = await plannedPackages(task);
  const unexpected: string[] = [];
  const outcome = await runTool(task.command, queryArguments(task, home), context, {
    onLine(line, stream) {
      const start = line.indexOf(PREFIX);
      if (stream === 'stdout' && start >= 0) {
        const pkg = line.slice(start + PREFIX.length);
        if (!missing.delete(pkg)) unexpected.push(pkg);
      }
      return stream === 'stdout';
    },
  });
  const failed = toolFailure(task.command, outcome);
  if (failed) return failed;
  if (missing.size === 0 && unexpected.length === 0) return null;
  return failure(
    'ENGINE_FAILED',
    `The compose for ${task.arch} is not what was planned: dnf misses ${missing.size} packages and finds ${unexpected.length} others. Report this to an administrator.`,
    [...examples('missing:', [...missing]), ...examples('not expected:', unexpected)].join('\n'),
  );
}

function examples(title: string, lines: readonly string[]): readonly string[] {
  const more = lines.length - MAX_EXAMPLES;
  if (lines.length === 0) return [];
  return [title, ...lines.slice(0, MAX_EXAMPLES), ...(more > 0 ? [`… and ${more} more`] : [])];
}

/** `<tree id> <NEVRA>` of each planned package of the trees. */
async function plannedPackages({ trees, plans, arch }: VerifyTask): Promise<Set<string>> {
  const planned = new Set<string>();
  for (const [planArch, planFile] of plans) {
    const categories = new Set<RpmCategory>(
      trees.filter((tree) => tree.arch === null || planArch === arch).map(({ category }) => category),
    );
    for await (const { category, nevra } of readPlan(planFile))
      if (categories.has(category)) planned.add(`${treeOf(category, planArch).id} ${nevra}`);
  }
  return planned;
}

/** dnf 4 and dnf 5 both understand these. */
function queryArguments({ trees, target, arch }: VerifyTask, home: string): string[] {
  return [
    '--quiet',
    `--config=${join(home, 'dnf.conf')}`,
    `--installroot=${join(home, 'root')}`,
    `--setopt=cachedir=${join(home, 'cache')}`,
    `--setopt=logdir=${home}`,
    '--setopt=reposdir=/dev/null',
    '--setopt=varsdir=/dev/null',
    '--setopt=plugins=0',
    '--setopt=pluginpath=/dev/null',
    '--setopt=module_platform_id=odcs:1',
    '--releasever=1',
    `--forcearch=${arch}`,
    ...trees.map(({ id, path }) => `--repofrompath=${id},${urlOf(join(target, path))}`),
    `--repo=${trees.map(({ id }) => id).join(',')}`,
    'repoquery',
    // The newline is for dnf 5; dnf 4 adds one itself.
    `--queryformat=${PREFIX}%{repoid} %{name}-%{epoch}:%{version}-%{release}.%{arch}\\n`,
  ];
}

/** dnf replaces variables after `$`, and dnf 4 ends the URL at a comma. */
function urlOf(path: string): string {
  return pathToFileURL(path).href.replaceAll('$', '%24').replaceAll(',', '%2C');
}
