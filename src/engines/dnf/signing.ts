// Which key a package is signed with, and whether that is one of those asked for. Pungi writes the key into rpms.json and
// enforces keys for packages from Koji only; here a repository's packages are held to them as well. Like there, the
// signature itself is not verified: that is for who installs the package, with the key at hand.

import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { openPgpKeyId } from './openpgp-key-id.ts';
import { readSignatures } from './rpm-header.ts';

export interface Signing {
  readonly isSigned: boolean;
  /** 16 hexadecimal digits each; may lack that of a signature that is there. */
  readonly keyIds: readonly string[];
}

const UNSIGNED: Signing = { isSigned: false, keyIds: [] };
const SHORT = 8;
const LONG = 16;
const NAMED = 10;

/** Of an open package; what is no RPM has no signature. */
export function signingOf(file: number): Signing {
  let signatures: readonly Buffer[];
  try {
    signatures = readSignatures(file);
  } catch (error) {
    // Only a package's own form is taken so; what the file system says is passed on.
    if ((error as NodeJS.ErrnoException).syscall) throw error;
    return UNSIGNED;
  }
  if (signatures.length === 0) return UNSIGNED;
  return { isSigned: true, keyIds: signatures.map(openPgpKeyId).filter((id) => id !== null) };
}

/** For rpms.json: of several keys the one that was asked for first. */
export function sigkeyOf({ keyIds }: Signing, sigkeys: readonly string[]): string | null {
  const wanted = sigkeys.flatMap((asked) => keyIds.filter((id) => isKey(id, asked)));
  return (wanted[0] ?? keyIds[0])?.slice(-SHORT) ?? null;
}

/** None asked for: all do. An empty one allows packages without a signature, and not those of another key. */
export function isSignedAsAsked({ isSigned, keyIds }: Signing, sigkeys: readonly string[]): boolean {
  if (sigkeys.length === 0) return true;
  return isSigned ? keyIds.some((id) => sigkeys.some((asked) => isKey(id, asked))) : sigkeys.includes('');
}

/** A key is asked for by its short or long id, or by its fingerprint. */
function isKey(id: string, asked: string): boolean {
  const key = asked.toLowerCase();
  if (key.length === SHORT) return id.endsWith(key);
  return key.length === 40 ? key.endsWith(id) : key.length >= LONG && key.startsWith(id);
}

export function unsignedPackages(nevras: readonly string[], sigkeys: readonly string[]): ComposeFailure {
  const keys = sigkeys.filter((key) => key !== '');
  const named = `${nevras.slice(0, NAMED).join(', ')}${nevras.length > NAMED ? ` and ${nevras.length - NAMED} more` : ''}`;
  const how =
    keys.length === 0
      ? 'Signed, where only packages without a signature were asked for'
      : `Not signed with ${keys.length === 1 ? 'the key' : 'any of the keys'} ${keys.join(', ')}`;
  return failure('UNSIGNED_PACKAGES', `${how}: ${named}`, nevras.join('\n'));
}
