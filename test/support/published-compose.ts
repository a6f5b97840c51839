// A published Pungi compose over HTTP: its metadata/rpms.json in productmd's form.

import { startFaultyServer, type FaultyServer } from './faulty-server.ts';

export interface PublishedRpm {
  /** name-epoch:version-release.arch */
  readonly nevra: string;
  readonly category?: 'binary' | 'debug' | 'source';
  readonly sigkey?: string | null;
}

/** Packages by variant, arch and source package. */
export type PublishedRpms = Readonly<
  Record<string, Readonly<Record<string, Readonly<Record<string, readonly PublishedRpm[]>>>>>
>;

export interface PublishedCompose extends FaultyServer {
  readonly composeUrl: string;
  urlOf(variant: string): string;
}

export async function startPublishedCompose(
  rpms: PublishedRpms,
  id = 'Fedora-40-20261122.n.0',
): Promise<PublishedCompose> {
  const path = `/composes/${id}/compose`;
  const server = await startFaultyServer(({ url }) => {
    const { pathname } = new URL(url, 'http://fake');
    return pathname === `${path}/metadata/rpms.json`
      ? { body: rpmsJson(rpms, id) }
      : { status: 404, headers: { 'content-type': 'text/html' }, body: '<h1>Not Found</h1>' };
  });
  return Object.assign(server, {
    composeUrl: `${server.url}${path}`,
    urlOf: (variant: string) => `${server.url}${path}/${variant}`,
  });
}

export function rpmsJson(rpms: PublishedRpms, id: string): string {
  const variants = mapValues(rpms, (arches, variant) =>
    mapValues(arches, (sources, arch) =>
      mapValues(sources, (list) =>
        Object.fromEntries(
          list.map(({ nevra, category = 'binary', sigkey = null }) => [
            nevra,
            {
              category,
              path: `${variant}/${arch}/os/Packages/${nevra.slice(0, 1)}/${nevra.replace(/\d+:/, '')}.rpm`,
              sigkey,
            },
          ]),
        ),
      ),
    ),
  );
  const payload = { compose: { date: '20261122', id, respin: 0, type: 'nightly' }, rpms: variants };
  return JSON.stringify({ header: { type: 'productmd.rpms', version: '1.2' }, payload }, null, 4);
}

function mapValues<T, R>(record: Readonly<Record<string, T>>, map: (value: T, key: string) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
}
