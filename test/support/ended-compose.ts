// What tests read of a compose that has ended.

/** The fields of an `EndedCompose`. */
export const ENDED_FIELDS = `id state arches sigkeys attempt pungiComposeId respinOf reuses { id }
  failure { code message details retryable } packages { nodes { nevra name arch sigkey path } }`;

export interface EndedCompose {
  readonly id: string;
  readonly state: string;
  readonly arches: readonly string[];
  readonly sigkeys: readonly string[];
  readonly attempt: number;
  readonly pungiComposeId: string;
  readonly respinOf: string | null;
  readonly reuses: { readonly id: string } | null;
  readonly failure: {
    readonly code: string;
    readonly message: string;
    readonly details: string | null;
    readonly retryable: boolean;
  } | null;
  /** Null if the compose is not DONE. */
  readonly packages: { readonly nodes: readonly EndedPackage[] } | null;
}

interface EndedPackage {
  readonly nevra: string;
  readonly name: string;
  readonly arch: string;
  readonly sigkey: string | null;
  readonly path: string;
}

/** Sorted. */
export function nevrasOf({ packages }: EndedCompose): readonly string[] {
  return (packages?.nodes ?? []).map(({ nevra }) => nevra).sort();
}

/** Names of the packages that are neither source nor debug packages, sorted. Packages of i686 are `name.i686`. */
export function binaryNames({ packages }: EndedCompose): readonly string[] {
  const names = (packages?.nodes ?? [])
    .filter(({ name, arch }) => arch !== 'src' && !/-debug(info|source)$/.test(name))
    .map(({ name, arch }) => (arch === 'i686' ? `${name}.i686` : name));
  return [...new Set(names)].sort();
}
