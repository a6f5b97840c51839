// The checksums of repository metadata, under the names that the metadata uses.

export interface Expected {
  /** Null if the metadata has no size. */
  readonly sizeBytes: number | null;
  readonly checksumType: string;
  /** Lower-case hexadecimal. */
  readonly checksum: string;
}

// No md5: collisions are easy to make.
const ALGORITHMS: Readonly<Record<string, string>> = {
  sha: 'sha1',
  sha1: 'sha1',
  sha224: 'sha224',
  sha256: 'sha256',
  sha384: 'sha384',
  sha512: 'sha512',
};

/** Node's name of the algorithm; null if it is not supported. */
export function algorithmOf(checksumType: string): string | null {
  return ALGORITHMS[checksumType.toLowerCase()] ?? null;
}
