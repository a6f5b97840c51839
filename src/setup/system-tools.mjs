// The system tools that the dnf engine and the tests need. Missing ones are installed if that needs no password (root,
// or sudo without one); otherwise the command to install them is printed. Plain JavaScript, like the launcher.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Each tool with its package, by package format. */
const TOOLS = [
  { anyOf: ['dnf5', 'dnf'], apt: 'dnf dnf-plugins-core', rpm: 'dnf' },
  { anyOf: ['createrepo_c'], apt: 'createrepo-c', rpm: 'createrepo_c' },
  { anyOf: ['rpmbuild'], apt: 'rpm', rpm: 'rpm-build' },
];

/** Ends the process with the command to run if a tool is missing and cannot be installed. */
export function ensureSystemTools() {
  const missing = missingTools();
  if (missing.length === 0) return;
  const install = installer(missing);
  const names = missing.map(({ anyOf }) => anyOf.at(-1)).join(', ');
  if (install && (process.getuid?.() === 0 || sudoWithoutPassword())) {
    console.error(`Installing ${names} …`);
    for (const command of install) run(command);
  }
  const stillMissing = missingTools();
  if (stillMissing.length === 0) return;
  console.error(`Missing: ${stillMissing.map(({ anyOf }) => anyOf.at(-1)).join(', ')}. Install with:`);
  console.error(
    install
      ? `  ${install.map((command) => ['sudo', ...command].join(' ')).join(' && ')}`
      : '  the package manager of this system',
  );
  process.exit(1);
}

function missingTools() {
  return TOOLS.filter(({ anyOf }) => !anyOf.some(onPath));
}

function onPath(tool) {
  return (process.env.PATH ?? '').split(delimiter).some((directory) => isExecutable(join(directory, tool)));
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function installer(missing) {
  if (onPath('apt-get'))
    return [
      ['apt-get', 'update', '-q'],
      ['apt-get', 'install', '-y', '-q', '--no-install-recommends', ...missing.flatMap(({ apt }) => apt.split(' '))],
    ];
  for (const manager of ['dnf5', 'dnf', 'microdnf', 'yum']) {
    if (onPath(manager)) return [[manager, 'install', '-y', ...missing.map(({ rpm }) => rpm)]];
  }
  return null;
}

function sudoWithoutPassword() {
  return onPath('sudo') && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0;
}

function run(command) {
  const argv = process.getuid?.() === 0 ? command : ['sudo', '-n', 'env', 'DEBIAN_FRONTEND=noninteractive', ...command];
  spawnSync(argv[0], argv.slice(1), {
    stdio: ['ignore', 2, 2],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
}
