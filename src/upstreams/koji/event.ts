// Koji's events: every change to tags has one, and a question “at event” is answered as things were right after it.

import { z } from 'zod';
import { failure } from '../../compose/failure.ts';
import { FAULT } from './faults.ts';
import type { Asked, KojiHub } from './koji-hub.ts';

const schema = z.object({ id: z.number().int() });
const question = (event: number) => ({ method: 'getEvent', args: [event] });

/** The event that was asked for, where the hub has it. */
export async function checkEvent(hub: KojiHub, event: number, signal: AbortSignal): Promise<Asked<number>> {
  const each = await hub.askEach([question(event)], schema.nullable(), signal);
  if ('failure' in each) return each;
  const [entry] = each.value;
  // The hub has told a fault of an unknown event for long, and may answer nil of late.
  if (!entry || ('value' in entry && !entry.value) || ('fault' in entry && entry.fault.faultCode === FAULT.GENERIC)) {
    return { failure: failure('INVALID_SOURCE', `There is no event ${event} in Koji (${hub.profile.name})`) };
  }
  return 'fault' in entry
    ? hub.ask(
        question(event),
        schema.transform(({ id }) => id),
        signal,
      )
    : { value: event };
}

export async function lastEvent(hub: KojiHub, signal: AbortSignal): Promise<Asked<number>> {
  return hub.ask(
    { method: 'getLastEvent', args: [] },
    schema.transform(({ id }) => id),
    signal,
  );
}
