// pungi.json as a typed object. It is written with JSON.stringify, so that no name in a request can change its structure.
// Options that Pungi has removed (release_is_layered, runroot, bootable, gather_source) must stay out: pungi-config-validate
// refuses them.

import type { KojiInput } from '../../app/ports.ts';
import type { Compose } from '../../compose/compose.ts';
import { isGlob } from '../../compose/package-pattern.ts';
import { VARIANT } from '../../compose/productmd.ts';
import type { PungiIdentity } from '../../compose/pungi-identity.ts';
import { requestedPackages, type ComposeSource } from '../../compose/sources/descriptors.ts';
import type { ComposeResult } from '../../compose/vocabulary.ts';
import { hasModularTags, kojiOptions, type KojiOptions } from './koji-options.ts';

/** Names of the files that the configuration refers to. */
export const VARIANTS_FILE = 'variants.xml';
export const COMPS_FILE = 'comps.xml';

/** Regular expression for variants → arch (or `*`) → value. */
type ByVariantAndArch<T> = readonly (readonly [string, Readonly<Record<string, T>>])[];

export type PungiConfiguration = CommonOptions & (RepositoryOptions | KojiOptions);

interface RepositoryOptions {
  readonly pkgset_source: 'repos';
  readonly pkgset_repos: RepositoriesByArch;
}

interface CommonOptions {
  readonly release_name: string;
  readonly release_short: string;
  readonly release_version: string;
  readonly variants_file: string;
  readonly comps_file?: string;
  readonly additional_packages?: ByVariantAndArch<readonly string[]>;
  readonly sigkeys: readonly (string | null)[];
  readonly hashed_directories: boolean;
  readonly filter_system_release_packages: boolean;
  readonly pkgset_allow_reuse: boolean;
  readonly gather_method: 'deps' | 'nodeps' | 'hybrid';
  readonly gather_lookaside_repos: ByVariantAndArch<readonly string[]>;
  readonly check_deps: boolean;
  readonly greedy_method: 'build';
  readonly multilib: ByVariantAndArch<readonly string[]>;
  readonly createrepo_c: boolean;
  readonly createrepo_checksum: 'sha256';
  readonly createrepo_enable_cache: boolean;
  readonly media_checksums: readonly string[];
  readonly create_jigdo: boolean;
  readonly skip_phases: readonly string[];
  readonly buildinstall_method?: 'lorax';
  readonly repoclosure_strictness: ByVariantAndArch<'off'>;
}

/** Arch → paths and URLs of repositories. */
export type RepositoriesByArch = Readonly<Record<string, readonly string[]>>;

/** The source of the packages. */
type PackageSet = { readonly repositories: RepositoriesByArch } | { readonly koji: KojiInput };

export function pungiConfiguration(
  compose: Compose,
  identity: PungiIdentity,
  packageSet: PackageSet,
  lookasides: RepositoriesByArch,
): PungiConfiguration {
  const { flags, results, multilibArches, multilibMethods } = compose;
  const methods = multilibMethods.map((method) => method.toLowerCase());
  return {
    release_name: identity.releaseShort,
    release_short: identity.releaseShort,
    release_version: identity.releaseVersion,
    variants_file: VARIANTS_FILE,
    ...packageSelection(compose.source),
    sigkeys: compose.sigkeys.length === 0 ? [null] : compose.sigkeys.map((key) => (key === '' ? null : key)),
    hashed_directories: true,
    filter_system_release_packages: false,
    ...('koji' in packageSet
      ? kojiOptions(packageSet.koji)
      : { pkgset_source: 'repos', pkgset_repos: packageSet.repositories }),
    // tag-cache.ts says why.
    pkgset_allow_reuse: false,
    gather_method: gatherMethod(compose, packageSet),
    gather_lookaside_repos: [[ANY_VARIANT, lookasides]],
    check_deps: flags.includes('CHECK_DEPS'),
    greedy_method: 'build',
    multilib: [[ANY_VARIANT, Object.fromEntries(multilibArches.map((arch) => [arch, methods]))]],
    createrepo_c: true,
    createrepo_checksum: 'sha256',
    createrepo_enable_cache: false,
    media_checksums: ['sha256'],
    create_jigdo: false,
    skip_phases: skippedPhases(results),
    ...(results.includes('BOOT_ISO') || mustReadAllOfKoji(compose, packageSet)
      ? { buildinstall_method: 'lorax' as const }
      : {}),
    repoclosure_strictness: [[ANY_VARIANT, { '*': 'off' }]],
  };
}

const ANY_VARIANT = '^.*$';

function packageSelection(source: ComposeSource): Pick<CommonOptions, 'comps_file' | 'additional_packages'> {
  if (requestedPackages(source).length > 0) return { comps_file: COMPS_FILE };
  // A module's own metadata lists its packages.
  return source.type === 'MODULE' ? {} : { additional_packages: [[`^${VARIANT}$`, { '*': ['*'] }]] };
}

/** A module brings its own packages only (nodeps). A tag with modular tags needs a solver that knows modules (hybrid). */
function gatherMethod({ flags, source }: Compose, packageSet: PackageSet): CommonOptions['gather_method'] {
  if (source.type === 'MODULE') return 'nodeps';
  if (flags.includes('NO_DEPS')) return takesAllOfKoji(source, packageSet) ? 'deps' : 'nodeps';
  return 'koji' in packageSet && hasModularTags(packageSet.koji) ? 'hybrid' : 'deps';
}

/**
 * With nodeps, Pungi reads only the packages from Koji that have a requested name, so that a glob matches none. It reads all
 * packages when a boot.iso is configured; its phase is skipped unless the request asks for one.
 */
function mustReadAllOfKoji(compose: Compose, packageSet: PackageSet): boolean {
  return (
    'koji' in packageSet &&
    gatherMethod(compose, packageSet) === 'nodeps' &&
    requestedPackages(compose.source).some(isGlob)
  );
}

/** With nodeps, Pungi would take `*` for the name of a package. */
function takesAllOfKoji(source: ComposeSource, packageSet: PackageSet): boolean {
  return 'koji' in packageSet && requestedPackages(source).length === 0;
}

const PHASES_OF_RESULT: Readonly<Record<ComposeResult, readonly string[]>> = {
  REPOSITORY: [],
  ISO: ['createiso'],
  BOOT_ISO: ['buildinstall'],
  OSTREE: ['ostree'],
};

function skippedPhases(results: readonly ComposeResult[]): string[] {
  const wanted = new Set(results.flatMap((result) => PHASES_OF_RESULT[result]));
  const optional = Object.values(PHASES_OF_RESULT).flat();
  return [...optional.filter((phase) => !wanted.has(phase)), 'live_media', 'live_images'];
}
