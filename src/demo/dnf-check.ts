// Checks a compose with dnf: that its repository has exactly the expected packages and that they can be installed.

import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const QUERY = ['repoquery', '--available', '--queryformat', '%{name}-%{version}-%{release}.%{arch}\\n'];

interface Check {
  readonly repofile: string;
  /** For dnf's own files. */
  readonly directory: string;
  /** Names of packages. */
  readonly install: readonly string[];
  /** NEVRAs, sorted. */
  readonly expected: readonly string[];
  readonly say: (line: string) => void;
}

/** Whether the repository has exactly the expected packages. */
export async function checkWithDnf({ repofile, directory, install, expected, say }: Check): Promise<boolean> {
  const options = await isolatingOptions(repofile, directory);
  const { stdout } = await dnf([...options, ...QUERY]);
  const listed = stdout
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .sort();
  const asExpected = JSON.stringify(listed) === JSON.stringify(expected);
  say(
    `dnf lists ${asExpected ? 'exactly the expected packages' : 'other packages than expected'}: ${listed.join(' ')}`,
  );
  // dnf refuses to try an installation unless it runs as root.
  if (process.getuid?.() === 0) {
    await dnf([...options, 'install', '--assumeyes', '--downloadonly', ...install]);
    say(`dnf can install ${install.join(', ')} from it.`);
  }
  try {
    await dnf([...options, 'repoclosure']);
    say('dnf repoclosure finds no unsatisfied dependency.');
  } catch (error) {
    // repoclosure is a plugin that may be missing.
    if (!/no such command|unknown argument/i.test(String((error as { stderr?: unknown }).stderr))) throw error;
  }
  return asExpected;
}

/** Options that keep the configuration and the repositories of this machine out. */
async function isolatingOptions(repofile: string, directory: string): Promise<string[]> {
  const reposdir = join(directory, 'yum.repos.d');
  await mkdir(reposdir);
  await writeFile(join(reposdir, 'odcs.repo'), repofile);
  return [
    `--installroot=${join(directory, 'root')}`,
    `--setopt=reposdir=${reposdir}`,
    `--setopt=cachedir=${join(directory, 'cache')}`,
    '--setopt=varsdir=/dev/null',
    '--disableplugin=local',
    '--releasever=1',
    '--forcearch=x86_64',
    '--quiet',
  ];
}

async function dnf(args: readonly string[]): Promise<{ stdout: string }> {
  const run = promisify(execFile);
  try {
    return await run('dnf', [...args], { encoding: 'utf8' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return run('dnf5', [...args], { encoding: 'utf8' });
  }
}
