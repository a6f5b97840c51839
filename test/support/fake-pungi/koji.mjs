// The fake's Koji: reads the profile like koji does, and finds the packages of a tag, builds or modules. They come from the
// repository `packagesFrom` in the control file, which is in the profile's topdir.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRepository } from './packages.mjs';

/** The section of ~/.koji/config; null when there is none. */
export function readProfile(name) {
  const path = join(process.env.HOME ?? '', '.koji', 'config');
  if (!existsSync(path)) return null;
  const settings = {};
  let inside = false;
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const [, section] = /^\[(.*)\]$/.exec(line) ?? [];
    if (section !== undefined) inside = section === name;
    const [, key, value] = /^(\w+)\s*=\s*(.*)$/.exec(line) ?? [];
    if (inside && key) settings[key] = value.replaceAll('%%', '%');
  }
  return settings.server ? settings : null;
}

export function controlFile(profile) {
  return join(profile?.topdir ?? '/nonexistent', 'fake-pungi.json');
}

/** Packages of the tag, the builds and the modules. `problem`: Pungi's words. */
export function kojiPackages(conf, control, variants) {
  const { packages } = readRepository(control.packagesFrom);
  const tags = [conf.pkgset_koji_tag ?? []].flat();
  const modules = [...variants.matchAll(/<module>([^<]*)<\/module>/g)].map((match) => match[1]);
  const unknown = modules.find((nsvc) => !control.modules?.[nsvc]);
  if (unknown) return { problem: `No module build found for '${unknown}' (queried for '${unknown}')`, packages: [] };
  const named = new Set([...(conf.pkgset_koji_builds ?? []), ...modules.flatMap((nsvc) => control.modules[nsvc])]);
  const scratch = new Set((conf.pkgset_koji_scratch_tasks ?? []).flatMap((task) => control.tasks?.[task] ?? []));
  const isNamed = (pkg) =>
    [...named, ...scratch].some(
      (nvr) =>
        pkg.sourceRpm === `${nvr}.src.rpm` || `${pkg.name}-${pkg.version}-${pkg.release}.${pkg.arch}` === `${nvr}.src`,
    );
  return { packages: tags.some((tag) => tag !== '') ? packages : packages.filter(isNamed) };
}
