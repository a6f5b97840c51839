// One client for each other service that the configuration names, shared by all source types, so that the bound of
// connections to a service is the bound of the whole process.

import { readFile } from 'node:fs/promises';
import type { ComposeTracking } from '../app/ports.ts';
import { RETRY_POLICIES } from '../concurrency/retry-policies.ts';
import type { Config } from '../config/config.ts';
import { composeUrl } from '../results/repo-file.ts';
import { CtsClient } from '../upstreams/cts/cts-client.ts';
import { HttpClient } from '../upstreams/http/http-client.ts';
import { KojiHub } from '../upstreams/koji/koji-hub.ts';
import { MbsClient } from '../upstreams/mbs/mbs-client.ts';
import type { PulpServer } from '../upstreams/pulp/pulp-repository.ts';
import { Pulp2Client } from '../upstreams/pulp/pulp2-client.ts';
import { Pulp3Client } from '../upstreams/pulp/pulp3-client.ts';

/** Null: not configured. */
export interface Upstreams {
  /** For URLs that requests name. */
  readonly requestedUrls: HttpClient;
  readonly hub: KojiHub | null;
  readonly mbs: MbsClient | null;
  readonly pulp: PulpServer | null;
  readonly tracking: ComposeTracking | null;
  /** Closes all connections. */
  close(): Promise<void>;
}

const CONNECTIONS_PER_HOST = 8;
const REPOSITORY_TIMEOUTS = { connectMs: 10_000, idleMs: 30_000 };

export function wireUpstreams(config: Config, publicUrl: string): Upstreams {
  const requestedUrls = new HttpClient({
    guard: { bounds: { urlAllow: config.sources.urlAllow, hostIsLoopback: config.http.isLoopback } },
    timeouts: REPOSITORY_TIMEOUTS,
    connections: CONNECTIONS_PER_HOST,
    retry: RETRY_POLICIES['http-download'],
  });
  const { mbsUrl } = config.modules;
  const hub = config.koji ? new KojiHub(config.koji.profile) : null;
  const mbs = mbsUrl === undefined ? null : new MbsClient({ url: mbsUrl });
  const pulp = pulpClient(config);
  const tracking = ctsClient(config, publicUrl);
  return {
    requestedUrls,
    hub,
    mbs,
    pulp,
    tracking,
    close: async () => {
      const clients = [requestedUrls, hub, mbs, pulp, tracking].filter((client) => client !== null);
      await Promise.all(clients.map((client) => client.close()));
    },
  };
}

function ctsClient({ cts: settings }: Config, publicUrl: string): CtsClient | null {
  if (!settings) return null;
  const { url, tokenFile } = settings;
  const token = tokenFile === undefined ? null : async () => (await readFile(tokenFile, 'utf8')).trim();
  return new CtsClient({ url, token, composeUrl: ({ id }) => composeUrl(id, publicUrl) });
}

function pulpClient({ pulp: settings }: Config): PulpServer | null {
  if (!settings) return null;
  const { url, kind, contentUrl, username, password = '', apiPath, labels, tls } = settings;
  const common = { url, ...(username !== undefined && { basicAuth: { username, password } }), ...(tls && { tls }) };
  if (kind === 2) return new Pulp2Client({ ...common, ...(contentUrl !== undefined && { contentUrl }) });
  return new Pulp3Client({
    ...common,
    ...(apiPath !== undefined && { apiPath }),
    ...(labels && { labels: withoutUndefined(labels) }),
  });
}

function withoutUndefined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
