// The part of pungi.json that makes Pungi take packages from Koji, and the koji.conf that it asks Koji by: Pungi finds it
// below its HOME, so that nothing need be installed in /etc.

import type { KojiInput, KojiEndpoint } from '../../app/ports.ts';
import { VARIANT } from './variant.ts';

export interface KojiOptions {
  readonly pkgset_source: 'koji';
  readonly koji_profile: string;
  /** One that is empty holds nothing but the builds named beside it. */
  readonly pkgset_koji_tag?: readonly string[];
  readonly pkgset_koji_inherit: boolean;
  readonly pkgset_koji_builds?: readonly string[];
  readonly pkgset_koji_scratch_tasks?: readonly string[];
  readonly pkgset_scratch_modules?: Readonly<Record<string, readonly string[]>>;
  readonly mbs_api_url?: string;
  readonly module_defaults_dir?: string;
}

export function kojiOptions(koji: KojiInput): KojiOptions {
  const { endpoint: place, tag, builds, scratchBuildTasks, scratchModules, inheritance, moduleDefaults, mbsUrl } = koji;
  const hasBuilds = builds.length + scratchBuildTasks.length > 0;
  return {
    pkgset_source: 'koji',
    koji_profile: place.profile,
    ...(tag === null && !hasBuilds ? {} : { pkgset_koji_tag: [tag ?? ''] }),
    pkgset_koji_inherit: inheritance,
    ...(builds.length > 0 ? { pkgset_koji_builds: builds } : {}),
    ...(scratchBuildTasks.length > 0 ? { pkgset_koji_scratch_tasks: scratchBuildTasks } : {}),
    ...(scratchModules.length > 0 ? { pkgset_scratch_modules: { [`^${VARIANT}$`]: scratchModules } } : {}),
    ...(scratchModules.length > 0 && mbsUrl !== null ? { mbs_api_url: `${mbsUrl}/2` } : {}),
    ...(moduleDefaults === null ? {} : { module_defaults_dir: moduleDefaults }),
  };
}

/** Whether modules stand beside packages that belong to none. */
export function isFromTags({ modularTags }: KojiInput): boolean {
  return modularTags.length > 0;
}

/** Shorter than what koji has by default, 30 times 20 s: who waits for a compose is to learn that Koji is away. */
const RETRIES = { max_retries: 10, retry_interval: 5 };

/** koji reads it by Python's configparser, for which a percent sign begins a reference. */
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
