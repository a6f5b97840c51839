// Which key signed a package, and whether the request accepts it. Pungi enforces sigkeys for Koji's packages only; the dnf
// engine does it for all packages. Like Pungi, it does not verify the signature: a client does that when it installs the package.

import { openPgpKeyId } from './openpgp-key-id.ts';
import { readSignatures } from './rpm-header.ts';

export interface PackageSignature {
  readonly isSigned: boolean;
  /** 16 lower-case hexadecimal digits each. Lacks the key of a signature that does not name it. */
  readonly keyIds: readonly string[];
}

const UNSIGNED: PackageSignature = { isSigned: false, keyIds: [] };
const SHORT_ID_DIGITS = 8;
const LONG_ID_DIGITS = 16;
const V4_FINGERPRINT_DIGITS = 40;

/** `file`: descriptor of an open file. A file that is no RPM package is unsigned. */
export function signatureOf(file: number): PackageSignature {
  let signatures: readonly Buffer[];
  try {
    signatures = readSignatures(file);
  } catch (error) {
    // Only the file's format counts as unsigned; an error of the file system is an error.
    if ((error as NodeJS.ErrnoException).syscall) throw error;
    return UNSIGNED;
  }
  if (signatures.length === 0) return UNSIGNED;
  return { isSigned: true, keyIds: signatures.map(openPgpKeyId).filter((id) => id !== null) };
}

/** The short key id for rpms.json. Of several signatures, the one whose key comes first in `sigkeys`. */
export function sigkeyOf({ keyIds }: PackageSignature, sigkeys: readonly string[]): string | null {
  const preferred = sigkeys.flatMap((sigkey) => keyIds.filter((id) => isKey(id, sigkey)));
  return (preferred[0] ?? keyIds[0])?.slice(-SHORT_ID_DIGITS) ?? null;
}

/** Without sigkeys every package is accepted. An empty sigkey accepts unsigned packages, but no other keys. */
export function isAccepted({ isSigned, keyIds }: PackageSignature, sigkeys: readonly string[]): boolean {
  if (sigkeys.length === 0) return true;
  return isSigned ? keyIds.some((id) => sigkeys.some((sigkey) => isKey(id, sigkey))) : sigkeys.includes('');
}

/** A sigkey is a short id, a long id, or a fingerprint. */
function isKey(id: string, sigkey: string): boolean {
  const key = sigkey.toLowerCase();
  if (key.length === SHORT_ID_DIGITS) return id.endsWith(key);
  // The id is the end of a version 4 fingerprint and the beginning of a later one.
  return key.length === V4_FINGERPRINT_DIGITS ? key.endsWith(id) : key.length >= LONG_ID_DIGITS && key.startsWith(id);
}
