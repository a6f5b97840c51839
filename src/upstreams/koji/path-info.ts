// Where Koji keeps the files of a build below its top directory or URL, as `koji.PathInfo` has it.

export interface BuildPlace {
  readonly name: string;
  readonly version: string;
  readonly release: string;
  readonly volume: string | null;
}

export interface RpmName {
  readonly name: string;
  readonly version: string;
  readonly release: string;
  readonly arch: string;
}

/** Relative, as on the disk; `encodePath` makes a part of a URL of it. */
export function signedRpmPath(build: BuildPlace, rpm: RpmName, sigkey: string): string {
  return join([...buildSegments(build), 'data', 'signed', sigkey.toLowerCase(), rpm.arch, rpmFile(rpm)]);
}

export function rpmPath(build: BuildPlace, rpm: RpmName): string {
  return join([...buildSegments(build), rpm.arch, rpmFile(rpm)]);
}

export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

export function rpmFile({ name, version, release, arch }: RpmName): string {
  return `${name}-${version}-${release}.${arch}.rpm`;
}

function buildSegments({ name, version, release, volume }: BuildPlace): string[] {
  const top = volume === null || volume === 'DEFAULT' ? [] : ['vol', volume];
  return [...top, 'packages', name, version, release];
}

function join(segments: readonly string[]): string {
  return segments.join('/');
}
