// The entry point of the fake: checks command line and configuration, with the exit codes and messages of real Pungi.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readConfiguration } from './configuration.mjs';
import { replay } from './replay.mjs';

const TYPES = ['test', 'ci', 'nightly', 'production', 'development'];
const REMOVED = {
  release_is_layered: "It's layered if there's configuration for base product.",
  runroot: "Please specify 'runroot_method' if you want to enable runroot, otherwise run things locally.",
  bootable: 'Setting buildinstall_method option if you want a bootable installer.',
  gather_source: '',
};
const KNOWN = new Set([
  ...[
    'release_name',
    'release_short',
    'release_version',
    'variants_file',
    'comps_file',
    'additional_packages',
    'sigkeys',
    'hashed_directories',
  ],
  ...[
    'filter_system_release_packages',
    'pkgset_source',
    'pkgset_repos',
    'pkgset_allow_reuse',
    'gather_method',
    'gather_lookaside_repos',
  ],
  ...[
    'check_deps',
    'greedy_method',
    'multilib',
    'createrepo_c',
    'createrepo_checksum',
    'createrepo_enable_cache',
    'media_checksums',
  ],
  ...[
    'create_jigdo',
    'skip_phases',
    'buildinstall_method',
    'repoclosure_strictness',
    'koji_profile',
    'translate_paths',
  ],
  ...[
    'pkgset_koji_tag',
    'pkgset_koji_inherit',
    'pkgset_koji_builds',
    'pkgset_koji_scratch_tasks',
    'pkgset_scratch_modules',
    'mbs_api_url',
    'module_defaults_dir',
  ],
]);
const STRINGS = [
  'release_name',
  'release_short',
  'release_version',
  'variants_file',
  'comps_file',
  'pkgset_source',
  'gather_method',
];

const options = parse(process.argv.slice(2));
if (options.version) {
  process.stdout.write('pungi-4.3.6-1.fake.noarch\n');
  process.exit(0);
}
const conf = loadConfiguration(options.config);
if (!options.type && !options.label) usage('must specify label for a production compose');
validate(conf);
const status = read(join(options.composeDir, 'STATUS'))?.trim();
if (status === 'FINISHED') {
  process.stderr.write('RuntimeError: Invalid compose status: FINISHED\n');
  process.exit(1);
}
await replay({ ...options, conf, identity: identity() });

function parse(argv) {
  const options = {
    config: null,
    composeDir: null,
    type: null,
    label: null,
    notificationScripts: [],
    version: false,
    kojiEvent: null,
    oldComposes: [],
  };
  for (const argument of argv) {
    const [, name, value] = /^--([a-z-]+)(?:=(.*))?$/s.exec(argument) ?? [];
    if (name === 'version') options.version = true;
    else if (name === 'config') options.config = value;
    else if (name === 'compose-dir') options.composeDir = value;
    else if (name === 'label') options.label = value;
    else if (name === 'notification-script') options.notificationScripts.push(value);
    else if (name === 'koji-event') options.kojiEvent = value;
    else if (name === 'old-composes') options.oldComposes.push(value);
    else if (TYPES.includes(name)) options.type = name;
    else if (!['no-latest-link', 'parent-compose-id', 'respin-of'].includes(name))
      usage(`unrecognized arguments: ${argument}`);
  }
  if (options.version) return options;
  if (!options.config || !options.composeDir) usage('the following arguments are required: --config');
  if (
    options.label &&
    !/^(EA|DevelPhaseExit|InternalAlpha|Alpha|InternalSnapshot|Beta|Snapshot|RC|Update|SecurityFix)-\d+\.\d+$/.test(
      options.label,
    )
  )
    usage(`Label not allowed: ${options.label}`);
  return options;
}

function usage(problem) {
  process.stderr.write(
    `usage: pungi-koji [-h] [--target-dir PATH | --compose-dir PATH] [--label LABEL]\npungi-koji: error: ${problem}\n`,
  );
  process.exit(2);
}

function loadConfiguration(path) {
  try {
    return readConfiguration(path);
  } catch (error) {
    process.stdout.write(`Exception: ${error.message}\n`);
    process.exit(1);
  }
}

function validate(conf) {
  for (const name of Object.keys(conf)) {
    if (name in REMOVED)
      process.stderr.write(
        `WARNING: Config option ${name} was removed and has no effect; remove it. ${REMOVED[name]}\n`,
      );
    else if (!KNOWN.has(name)) process.stderr.write(`WARNING: Unrecognized config option: ${name}.\n`);
  }
  const wrong = STRINGS.filter((name) => name in conf && typeof conf[name] !== 'string');
  for (const name of wrong)
    process.stderr.write(`Failed validation in ${name}: ${JSON.stringify(conf[name])} is not of type 'string'\n`);
  if (
    conf.pkgset_source === 'koji' ? 'pkgset_repos' in conf : 'pkgset_koji_tag' in conf || 'pkgset_koji_inherit' in conf
  ) {
    process.stderr.write('Failed validation in pkgset_source: conflicts with other options\n');
    process.exit(1);
  }
  if (wrong.length > 0) process.exit(1);
}

/** The reserved identity from the compose directory; a new one when there is none. */
function identity() {
  const path = join(options.composeDir, 'work', 'global', 'composeinfo-base.json');
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')).payload;
  const { release_name: name, release_short: short, release_version: version } = conf;
  const type = options.type ?? 'production';
  const payload = {
    compose: { date: '20261122', id: `${short}-${version}-20261122.t.0`, respin: 0, type },
    release: { internal: false, name, short, type: 'ga', version },
    variants: {},
  };
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify({ header: { type: 'productmd.composeinfo', version: '1.2' }, payload }));
  writeFileSync(join(options.composeDir, 'COMPOSE_ID'), payload.compose.id);
  return payload;
}

function read(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}
