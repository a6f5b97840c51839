// Koji's events: every change of a tag has one. A call “at event” is answered by the state right after that event.

import { z } from 'zod';
import type { Answer } from '../answer.ts';
import { FAULT, faultFailure } from './faults.ts';
import type { KojiHub } from './koji-hub.ts';
import { refuseSource } from './refuse-source.ts';

const row = z.object({ id: z.number().int() });

/** The event itself, if the hub has it. */
export async function checkEvent(hub: KojiHub, event: number, signal: AbortSignal): Promise<Answer<number>> {
  const results = await hub.callEach([{ method: 'getEvent', args: [event] }], row.nullable(), signal);
  if ('failure' in results) return results;
  const [result] = results.value;
  if (result && 'value' in result && result.value) return { value: event };
  // Of an unknown event older hubs report a fault, and newer ones may answer nil.
  if (result && 'fault' in result && result.fault.faultCode !== FAULT.GENERIC)
    return { failure: faultFailure(result.fault, hub.profile, 'getEvent') };
  return refuseSource(hub.profile, [`there is no event ${event}`]);
}

export async function lastEvent(hub: KojiHub, signal: AbortSignal): Promise<Answer<number>> {
  return hub.call(
    { method: 'getLastEvent', args: [] },
    row.transform(({ id }) => id),
    signal,
  );
}
