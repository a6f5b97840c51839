// productmd's composeinfo 1.2 of a compose that is yet to be made: what Pungi is given where its id is reserved, and what a
// tracking service is asked with.

import type { Compose } from './compose.ts';
import type { PungiIdentity, PungiProduct, PungiRelease } from './pungi-identity.ts';

export function composeInfo(
  { composeType, label }: Pick<Compose, 'composeType' | 'label'>,
  { date, id, respin }: PungiIdentity,
  release: PungiRelease,
): object {
  const { baseProduct, internal } = release;
  return {
    header: { type: 'productmd.composeinfo', version: '1.2' },
    payload: {
      ...(baseProduct && { base_product: productOf(baseProduct) }),
      compose: { date, id, respin, type: composeType.toLowerCase(), ...(label !== null && { label, final: false }) },
      release: { internal, ...(baseProduct && { is_layered: true }), ...productOf(release) },
      variants: {},
    },
  };
}

function productOf({ name, short, type, version }: PungiProduct): PungiProduct {
  return { name, short, type, version };
}
