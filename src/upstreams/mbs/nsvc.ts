// Names of modules: name:stream[:version[:context]]. A part may hold anything but a colon.

export interface ModuleName {
  readonly name: string;
  readonly stream: string;
  readonly version: string | null;
  readonly context: string | null;
}

/** A build of a module: all four parts are known. */
export interface Nsvc {
  readonly name: string;
  readonly stream: string;
  /** Decimal digits. Compared as numbers, which may exceed 2^53. */
  readonly version: string;
  readonly context: string;
}

/** Null if `text` is not the name of a module. */
export function parseModuleName(text: string): ModuleName | null {
  const [name, stream, version, context, ...more] = text.split(':');
  if (!name || !stream || version === '' || context === '' || more.length > 0) return null;
  if (version !== undefined && !/^\d{1,30}$/.test(version)) return null;
  return { name, stream, version: version ?? null, context: context ?? null };
}

export function formatNsvc({ name, stream, version, context }: ModuleName | Nsvc): string {
  return [name, stream, ...(version === null ? [] : [version]), ...(context === null ? [] : [context])].join(':');
}

export function nameStream({ name, stream }: Pick<ModuleName, 'name' | 'stream'>): string {
  return `${name}:${stream}`;
}

export function compareVersions(left: string, right: string): number {
  const [a, b] = [BigInt(left), BigInt(right)];
  return a < b ? -1 : a > b ? 1 : 0;
}
