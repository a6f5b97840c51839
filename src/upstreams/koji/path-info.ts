// Paths of a build's files below Koji's top directory or top URL, as in `koji.PathInfo`.

interface BuildPath {
  readonly name: string;
  readonly version: string;
  readonly release: string;
  readonly volume: string | null;
}

interface RpmName {
  readonly name: string;
  readonly version: string;
  readonly release: string;
  readonly arch: string;
}

/** Relative, as on disk; `encodePath` makes it a part of a URL. */
export function signedRpmPath(build: BuildPath, rpm: RpmName, sigkey: string): string {
  return join([...buildSegments(build), 'data', 'signed', sigkey.toLowerCase(), rpm.arch, rpmFile(rpm)]);
}

export function rpmPath(build: BuildPath, rpm: RpmName): string {
  return join([...buildSegments(build), rpm.arch, rpmFile(rpm)]);
}

export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

export function rpmFile({ name, version, release, arch }: RpmName): string {
  return `${name}-${version}-${release}.${arch}.rpm`;
}

function buildSegments({ name, version, release, volume }: BuildPath): string[] {
  const top = volume === null || volume === 'DEFAULT' ? [] : ['vol', volume];
  return [...top, 'packages', name, version, release];
}

function join(segments: readonly string[]): string {
  return segments.join('/');
}
