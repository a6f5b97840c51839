// The proof: dnf itself reads what was made, shut off from the host's configuration, cache, plugins and repositories, and
// must see exactly the packages that were chosen.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { treeOf, type Tree } from '../shared/layout.ts';
import { readPlan, type PlannedCategory } from './plan.ts';
import { runTool, type ToolContext } from '../shared/run-tool.ts';

export interface VerifyTask {
  readonly dnf: string;
  readonly arch: string;
  /** The trees of the arch and the source tree. */
  readonly trees: readonly Tree[];
  readonly target: string;
  /** Plans of all arches, by arch: the source tree holds what any of them brought. */
  readonly plans: ReadonlyMap<string, string>;
}

const NAMED = 10;
/** dnf 5 may tell of its loading on stdout in spite of --quiet: only what begins so is an answer. */
const MARK = 'package: ';

export async function verifyWithDnf(task: VerifyTask, context: ToolContext): Promise<ComposeFailure | null> {
  const home = join(context.generation.scratch, `dnf-${task.arch}`);
  await mkdir(join(home, 'root'), { recursive: true });
  await writeFile(join(home, 'dnf.conf'), '[main]\n');
  const expected = await expectedPackages(task);
  const unexpected: string[] = [];
  const failed = await runTool(task.dnf, queryArguments(task, home), context, (line) => {
    const at = line.indexOf(MARK);
    if (at < 0) return;
    const seen = line.slice(at + MARK.length);
    if (!expected.delete(seen)) unexpected.push(seen);
  });
  if (failed) return failed;
  if (expected.size === 0 && unexpected.length === 0) return null;
  const list = (title: string, lines: readonly string[]) =>
    lines.length === 0
      ? []
      : [title, ...lines.slice(0, NAMED), ...(lines.length > NAMED ? [`… and ${lines.length - NAMED} more`] : [])];
  return failure(
    'ENGINE_FAILED',
    `dnf does not see the packages that were chosen for ${task.arch}: ${expected.size} are missing, ${unexpected.length} are not expected`,
    [...list('missing:', [...expected]), ...list('not expected:', unexpected)].join('\n'),
  );
}

async function expectedPackages({ trees, plans, arch }: VerifyTask): Promise<Set<string>> {
  const expected = new Set<string>();
  for (const [plannedArch, plan] of plans) {
    const wanted = new Set<PlannedCategory>(
      trees.filter((tree) => tree.arch === null || plannedArch === arch).map(({ category }) => category),
    );
    for await (const { category, nevra } of readPlan(plan))
      if (wanted.has(category)) expected.add(`${treeOf(category, plannedArch).id} ${nevra}`);
  }
  return expected;
}

/** Understood alike by dnf 4 and dnf 5, but that only dnf 4 adds a newline to each answer. */
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
    `--queryformat=${MARK}%{repoid} %{name}-%{epoch}:%{version}-%{release}.%{arch}\\n`,
  ];
}

/** dnf would take a dollar for a variable, and dnf 4 a comma for the end. */
function urlOf(path: string): string {
  return pathToFileURL(path).href.replaceAll('$', '%24').replaceAll(',', '%2C');
}
