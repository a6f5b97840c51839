// The release that a configuration describes; the id of a compose is made of it.

import { z } from 'zod';
import type { PungiRelease } from '../../compose/pungi-identity.ts';

// Parts of file names and of ids, so they may not be paths.
const short = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'must begin with a letter or digit and hold only those and . _ -');
const version = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._~^+-]{0,99}$/,
    'must begin with a letter or digit and hold only those and . _ ~ ^ + -',
  );
const type = z
  .string()
  .regex(/^[A-Za-z-]{1,50}$/)
  .transform((text) => text.toLowerCase())
  .default('ga');
const name = z.string().min(1).max(300);

const configuration = z.object({
  release_name: name,
  release_short: short,
  release_version: version,
  release_type: type,
  release_internal: z.boolean().default(false),
  base_product_name: z.string().max(300).default(''),
  base_product_short: short.optional(),
  base_product_version: version.optional(),
  base_product_type: type,
});

const packageSet = z.object({ pkgset_source: z.literal('koji'), koji_profile: z.string() });

/** Null if the packages do not come from a Koji. */
export function kojiProfileOf(dump: string): string | null {
  try {
    return packageSet.safeParse(JSON.parse(dump)).data?.koji_profile ?? null;
  } catch {
    return null;
  }
}

export function releaseOf(dump: string): { readonly release: PungiRelease } | { readonly problem: string } {
  let content: unknown;
  try {
    content = JSON.parse(dump);
  } catch {
    return { problem: 'its dump is too large, or not JSON' };
  }
  const parsed = configuration.safeParse(content);
  if (!parsed.success)
    return { problem: parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ') };
  const { data } = parsed;
  const base =
    data.base_product_name === ''
      ? null
      : {
          name: data.base_product_name,
          short: data.base_product_short ?? '',
          version: data.base_product_version ?? '',
          type: data.base_product_type,
        };
  if (base && (base.short === '' || base.version === ''))
    return { problem: 'base_product_name needs base_product_short and base_product_version' };
  return {
    release: {
      name: data.release_name,
      short: data.release_short,
      version: data.release_version,
      type: data.release_type,
      internal: data.release_internal,
      baseProduct: base,
    },
  };
}
