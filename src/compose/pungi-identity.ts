// The Pungi compose id: <short>-<version>-<YYYYMMDD><type suffix>.<respin>, as productmd 1.2 defines it. It is reserved
// before generating, unique in the database, and the same in all attempts.

import type { ComposeType } from './vocabulary.ts';

export interface PungiIdentity {
  /** e.g. odcs-42-1-20261122.t.0 */
  readonly id: string;
  /** YYYYMMDD, UTC. */
  readonly date: string;
  readonly respin: number;
  readonly releaseShort: string;
  readonly releaseVersion: string;
}

export interface PungiProduct {
  readonly name: string;
  readonly short: string;
  readonly version: string;
  /** `ga`, `updates` … */
  readonly type: string;
}

/** The release that a compose belongs to. Raw configurations define theirs. */
export interface PungiRelease extends PungiProduct {
  readonly internal: boolean;
  /** The product that a layered product is built on. */
  readonly baseProduct: PungiProduct | null;
}

const TYPE_SUFFIX: Record<ComposeType, string> = {
  PRODUCTION: '',
  CI: '.ci',
  NIGHTLY: '.n',
  DEVELOPMENT: '.d',
  TEST: '.t',
};

/** The release of a compose whose source defines none: it has no other composes. */
export function ownRelease(composeId: string): PungiRelease {
  const name = `odcs-${composeId}`;
  return { name, short: name, version: '1', type: 'ga', internal: false, baseProduct: null };
}

/** The identity in the compose's own release, in which respin 0 is always free. */
export function newIdentity(composeId: string, type: ComposeType, at: Date): PungiIdentity {
  return releaseIdentity(ownRelease(composeId), type, at, 0);
}

/** The identity in a release that other composes may share, so that the first respins of a day can be taken. */
export function releaseIdentity(release: PungiRelease, type: ComposeType, at: Date, respin: number): PungiIdentity {
  const date = at.toISOString().slice(0, 10).replaceAll('-', '');
  const product = ({ short, version, type: productType }: PungiProduct) =>
    `${short}-${version}${productType === 'ga' ? '' : `-${productType}`}`;
  const products = [release, ...(release.baseProduct ? [release.baseProduct] : [])].map(product).join('-');
  return {
    id: `${products}-${date}${TYPE_SUFFIX[type]}.${respin}`,
    date,
    respin,
    releaseShort: release.short,
    releaseVersion: release.version,
  };
}

/** The identity that an earlier attempt reserved, from its id; null if the id belongs to another release. */
export function readReleaseIdentity(release: PungiRelease, type: ComposeType, id: string): PungiIdentity | null {
  const [, date, respin] = /-(\d{8})(?:\.[a-z]+)?\.(\d+)$/.exec(id) ?? [];
  if (!date || !respin) return null;
  const identity = releaseIdentity(
    release,
    type,
    new Date(`${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}T00:00:00Z`),
    Number(respin),
  );
  return identity.id === id ? identity : null;
}
