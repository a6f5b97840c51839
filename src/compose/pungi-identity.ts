// The compose id that Pungi gives a compose: <short>-<version>-<YYYYMMDD><type suffix>.<respin>, as productmd 1.2 has
// it. Reserved before generating, unique in the database, the same over all attempts.

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

/** A product on another one is layered: it has a base product. */
export interface PungiProduct {
  readonly name: string;
  readonly short: string;
  readonly version: string;
  /** `ga`, `updates` … */
  readonly type: string;
}

/** What a raw configuration calls what it makes. */
export interface PungiRelease extends PungiProduct {
  readonly internal: boolean;
  readonly baseProduct: PungiProduct | null;
}

const TYPE_SUFFIX: Record<ComposeType, string> = {
  PRODUCTION: '',
  CI: '.ci',
  NIGHTLY: '.n',
  DEVELOPMENT: '.d',
  TEST: '.t',
};

/** Every compose but those of raw configurations is a release of its own. */
export function ownRelease(composeId: string): PungiRelease {
  const name = `odcs-${composeId}`;
  return { name, short: name, version: '1', type: 'ga', internal: false, baseProduct: null };
}

/** Of its own release, so that the first respin of a day is always free. */
export function newIdentity(composeId: string, type: ComposeType, at: Date): PungiIdentity {
  return releaseIdentity(ownRelease(composeId), type, at, 0);
}

/** The identity that was reserved by an earlier attempt. */
export function readIdentity(composeId: string, type: ComposeType, id: string): PungiIdentity {
  const identity = readReleaseIdentity(ownRelease(composeId), type, id);
  if (!identity) throw new Error(`Not a Pungi compose id: ${id}`);
  return identity;
}

/** Of a release that other composes may be of too: they may have the first respins of the day. */
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

/** The same again, from the id that an earlier attempt reserved; null where that is another release's. */
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
