// The beginnings (lead, signature header) of RPMs signed by rpmsign 4.18 with throw-away keys, and the sigkey that real
// Pungi 4.3.6 wrote for each into rpms.json.

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

export interface SignedHead {
  readonly name: string;
  /** What rpmsign put into it. */
  readonly signature: string;
  readonly sigkey: string | null;
  readonly head: Buffer;
}

export function signedHeads(): readonly SignedHead[] {
  const packed = JSON.parse(
    readFileSync(new URL('../golden/pungi-4.3.6-sigkeys.json', import.meta.url), 'utf8'),
  ) as readonly (Omit<SignedHead, 'head'> & { readonly head: string })[];
  return packed.map((golden) => ({ ...golden, head: gunzipSync(Buffer.from(golden.head, 'base64')) }));
}
