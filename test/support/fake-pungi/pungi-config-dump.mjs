// `pungi-config-dump --just-dump CONFIG`: prints the configuration as JSON.
import { readOrExit } from './configuration.mjs';

const [option, path] = process.argv.slice(2);
if (option !== '--just-dump' || !path) {
  process.stderr.write('usage: pungi-config-dump [-h] SOURCE [SOURCE ...]\n');
  process.exit(2);
}
const conf = readOrExit(path);
process.stdout.write(
  JSON.stringify(Object.fromEntries(Object.entries(conf).sort(([a], [b]) => (a < b ? -1 : 1))), null, 4),
);
