// The configuration that the code uses: the values of the settings, nested as in the YAML file, and what follows from
// several of them.

import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import type { Values } from './settings.ts';

export type Config = Readonly<ReturnType<typeof configOf>>;

/** `searchPath` is the PATH on which engines are looked for. */
export function configOf(values: Values, searchPath: string) {
  const { http, results, sources, modules } = values;
  const isLoopback = isLoopbackHost(http.host);
  const dataDir = resolve(values.dataDir);
  return {
    ...values,
    searchPath,
    dataDir,
    /** `isLoopback`: only this machine reaches the service. */
    http: { ...http, isLoopback },
    results: { ...results, targetDirs: targetDirectories(results, dataDir) },
    sources: { ...sources, repoRoots: sources.repoRoots ?? (isLoopback ? ['/'] : []) },
    /** `defaultsUrls`: undefined allows every URL. */
    modules: { ...modules, defaultsUrls: modules.defaultsUrls ?? (isLoopback ? undefined : []) },
  };
}

/** By name. `default` is always there. */
function targetDirectories({ targetDir, targetDirs }: Values['results'], dataDir: string): Record<string, string> {
  return {
    default: resolve(targetDir ?? join(dataDir, 'composes')),
    ...Object.fromEntries(Object.entries(targetDirs).map(([name, path]) => [name, resolve(path)])),
  };
}

function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
