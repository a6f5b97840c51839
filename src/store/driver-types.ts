// How the driver converts values. Entities have dates, so `timestamptz` becomes a Date.

import { defaults, TypeOverrides, types } from 'pg';

export const DRIVER_TYPES = new TypeOverrides();
// The driver's own parser is slow, and its serializer loses the seconds of historical time zones.
DRIVER_TYPES.setTypeParser(types.builtins.TIMESTAMPTZ, parseInstant);
defaults.parseInputDatesAsUTC = true;

/** `2026-11-22 19:37:30.12+00`, as sessions in UTC write it. */
function parseInstant(text: string): Date {
  return new Date(`${text.slice(0, 10)}T${text.slice(11, -3)}Z`);
}
