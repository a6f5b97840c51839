// The compose id that Pungi gives a compose: <short>-<version>-<YYYYMMDD><type suffix>.<respin>, as productmd 1.2 has
// it. Reserved before generating, unique in the database, the same over all attempts.

import type { ComposeType } from './vocabulary.ts';

export interface PungiIdentity {
  /** e.g. odcs-42-1-20261122.t.0 */
  readonly id: string;
  /** YYYYMMDD, UTC. */
  readonly date: string;
  readonly respin: number;
  readonly releaseShort: string;
  readonly releaseVersion: string;
}

const TYPE_SUFFIX: Record<ComposeType, string> = { PRODUCTION: '', CI: '.ci', NIGHTLY: '.n', DEVELOPMENT: '.d', TEST: '.t' };

/** Every compose is a release of its own, so the first respin of a day is always free. */
export function newIdentity(composeId: string, type: ComposeType, at: Date): PungiIdentity {
  const date = at.toISOString().slice(0, 10).replaceAll('-', '');
  return identityOf(composeId, type, date, 0);
}

/** The identity that was reserved by an earlier attempt. */
export function readIdentity(composeId: string, type: ComposeType, id: string): PungiIdentity {
  const [, date, respin] = /-(\d{8})(?:\.[a-z]+)?\.(\d+)$/.exec(id) ?? [];
  if (!date || !respin) throw new Error(`Not a Pungi compose id: ${id}`);
  return identityOf(composeId, type, date, Number(respin));
}

function identityOf(composeId: string, type: ComposeType, date: string, respin: number): PungiIdentity {
  const releaseShort = `odcs-${composeId}`;
  return { id: `${releaseShort}-1-${date}${TYPE_SUFFIX[type]}.${respin}`, date, respin, releaseShort, releaseVersion: '1' };
}
