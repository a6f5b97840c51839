// `pungi-config-validate [--schema-override=FILE]… CONFIG`: prints errors and warnings, and exits with 1 when there are any.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readOrExit } from './configuration.mjs';

const REQUIRED = ['release_name', 'release_short', 'release_version', 'variants_file', 'pkgset_source'];
const args = process.argv.slice(2);
const overrides = args
  .flatMap((argument) => /^--schema-override=(.*)$/.exec(argument)?.[1] ?? [])
  .map((path) => JSON.parse(readFileSync(path, 'utf8')));
const path = args.at(-1);
const conf = readOrExit(path);
const required = REQUIRED.filter((name) => !overrides.some(({ not_required }) => not_required?.includes(name)));
const problems = [
  ...required
    .filter((name) => !(name in conf))
    .map((name) => `Failed validation in : '${name}' is a required property`),
  ...Object.keys(conf)
    .filter((name) => name.startsWith('unknown_'))
    .map((name) => `WARNING: Unrecognized config option: ${name}.`),
];
for (const problem of problems) process.stdout.write(`${problem}\n`);
if (problems.length > 0) process.exit(1);
if (!existsSync(join(dirname(path), conf.variants_file))) {
  process.stdout.write(`[Errno 2] No such file or directory: '${join(process.cwd(), conf.variants_file)}'\n`);
  process.exit(1);
}
