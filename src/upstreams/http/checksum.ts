// The checksums that repository metadata uses, under the names it uses.

export interface Expected {
  /** Null where the metadata does not tell. */
  readonly sizeBytes: number | null;
  readonly checksumType: string;
  /** Lower-case hexadecimal. */
  readonly checksum: string;
}

// md5 is left out: anyone can make two files with one checksum.
const ALGORITHMS: Readonly<Record<string, string>> = {
  sha: 'sha1',
  sha1: 'sha1',
  sha224: 'sha224',
  sha256: 'sha256',
  sha384: 'sha384',
  sha512: 'sha512',
};

/** Node's name of the algorithm; null where it is not supported. */
export function algorithmOf(checksumType: string): string | null {
  return ALGORITHMS[checksumType.toLowerCase()] ?? null;
}
