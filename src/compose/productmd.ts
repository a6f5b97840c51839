// productmd 1.2: the documents that describe a compose, composeinfo.json and rpms.json. Pungi, the dnf engine and the
// Compose Tracking Service share this format (https://productmd.readthedocs.io).

import { canonicalJson } from './canonical-json.ts';
import type { Compose } from './compose.ts';
import type { PungiIdentity, PungiProduct, PungiRelease } from './pungi-identity.ts';
import type { RpmCategory } from './rpm-package.ts';

/** The only variant of every compose, except for raw configurations, which define their own. */
export const VARIANT = 'Temporary';

export interface RpmManifestEntry {
  readonly category: RpmCategory;
  /** Below the compose's `compose/` directory. */
  readonly path: string;
  /** Last 8 hexadecimal digits of the signing key's id, lower case; null for an unsigned package. */
  readonly sigkey: string | null;
}

/** `payload.rpms` of rpms.json: variant → tree arch → source NEVRA → NEVRA. */
export type RpmManifest = Readonly<
  Record<string, Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, RpmManifestEntry>>>>>>>
>;

export interface RpmManifestRow {
  readonly treeArch: string;
  readonly sourceNevra: string;
  readonly nevra: string;
  readonly entry: RpmManifestEntry;
}

/** Describes a compose. Without `variants`, it describes a compose that is yet to be generated. */
export function composeInfo(
  compose: Pick<Compose, 'composeType' | 'label'>,
  identity: PungiIdentity,
  release: PungiRelease,
  variants: object = {},
): object {
  const { baseProduct, internal } = release;
  return productmdDocument('composeinfo', compose, identity, {
    ...(baseProduct && { base_product: productOf(baseProduct) }),
    release: { internal, ...(baseProduct && { is_layered: true }), ...productOf(release) },
    variants,
  });
}

export function productmdDocument(
  kind: 'composeinfo' | 'rpms' | 'modules',
  { composeType, label }: Pick<Compose, 'composeType' | 'label'>,
  { date, id, respin }: PungiIdentity,
  payload: object,
): object {
  return {
    header: { type: `productmd.${kind}`, version: '1.2' },
    payload: {
      compose: { date, id, respin, type: composeType.toLowerCase(), ...(label !== null && { label, final: false }) },
      ...payload,
    },
  };
}

/** Serialised like productmd does it: sorted keys, four spaces. */
export function productmdJson(value: object): string {
  return canonicalJson(value, { indent: 4 });
}

export function* manifestRows(manifest: RpmManifest): Generator<RpmManifestRow> {
  for (const trees of Object.values(manifest))
    for (const [treeArch, sources] of Object.entries(trees))
      for (const [sourceNevra, rpms] of Object.entries(sources))
        for (const [nevra, entry] of Object.entries(rpms)) yield { treeArch, sourceNevra, nevra, entry };
}

function productOf({ name, short, type, version }: PungiProduct): PungiProduct {
  return { name, short, type, version };
}
