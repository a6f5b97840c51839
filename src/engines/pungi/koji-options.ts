// The options of pungi.json for packages from Koji, and the koji.conf with the profile. Pungi reads that file from its HOME,
// so that the worker needs no profile in /etc.

import type { KojiInput, KojiEndpoint } from '../../app/ports.ts';
import { VARIANT } from '../../compose/productmd.ts';

export interface KojiOptions {
  readonly pkgset_source: 'koji';
  readonly koji_profile: string;
  /** An empty name stands for a tag without packages; the compose then has the given builds only. */
  readonly pkgset_koji_tag?: readonly string[];
  readonly pkgset_koji_inherit: boolean;
  readonly pkgset_koji_builds?: readonly string[];
  readonly pkgset_koji_scratch_tasks?: readonly string[];
  readonly pkgset_scratch_modules?: Readonly<Record<string, readonly string[]>>;
  readonly mbs_api_url?: string;
  readonly module_defaults_dir?: string;
}

export function kojiOptions(koji: KojiInput): KojiOptions {
  const { endpoint, tag, builds, scratchBuildTasks, scratchModules, inheritance, moduleDefaults, mbsUrl } = koji;
  const hasBuilds = builds.length + scratchBuildTasks.length > 0;
  return {
    pkgset_source: 'koji',
    koji_profile: endpoint.profile,
    ...(tag === null && !hasBuilds ? {} : { pkgset_koji_tag: [tag ?? ''] }),
    pkgset_koji_inherit: inheritance,
    ...(builds.length > 0 ? { pkgset_koji_builds: builds } : {}),
    ...(scratchBuildTasks.length > 0 ? { pkgset_koji_scratch_tasks: scratchBuildTasks } : {}),
    ...(scratchModules.length > 0 ? { pkgset_scratch_modules: { [`^${VARIANT}$`]: scratchModules } } : {}),
    ...(scratchModules.length > 0 && mbsUrl !== null ? { mbs_api_url: `${mbsUrl}/2` } : {}),
    ...(moduleDefaults === null ? {} : { module_defaults_dir: moduleDefaults }),
  };
}

/** Whether the compose has modules beside packages that belong to no module. */
export function hasModularTags({ modularTags }: KojiInput): boolean {
  return modularTags.length > 0;
}

/** Koji's default is 30 retries, 20 s apart. A compose should fail earlier when Koji is unavailable. */
const RETRIES = { max_retries: 10, retry_interval: 5 };

/** Python's configparser reads it, where a percent sign begins a reference. */
export function kojiConf({ profile, server, topUrl, topDir }: KojiEndpoint): string {
  const settings = {
    server,
    ...(topUrl === null ? {} : { topurl: topUrl }),
    ...(topDir === null ? {} : { topdir: topDir }),
    ...RETRIES,
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key} = ${String(value).replaceAll('%', '%%')}`);
  return `[${profile}]\n${lines.join('\n')}\n`;
}
