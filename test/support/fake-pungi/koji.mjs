// The fake's Koji: which profile it was given, as koji finds it, and which packages a tag, builds or modules stand for. They
// come from a repository that the control file in the profile's topdir names (`packagesFrom`).
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRepository } from './packages.mjs';

/** The section of ~/.koji/config, or null. */
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

/** Packages of the tag, of the builds, of the modules; `problem` as Pungi would put it. */
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
