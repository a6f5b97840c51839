// The two scalars of the API. The API façade encodes and decodes event cursors, because they belong to one database.

import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';

// Full date, `T`, time with optional fraction, and a zone. Date.parse accepts more than RFC 3339 allows.
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;

export const DateTime = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  description:
    'A point in time as a string in RFC 3339 form. Answers are in UTC with milliseconds: `2026-11-22T08:00:00.000Z`. Inputs may use any offset, in the years 1 to 9999.',
  serialize: (value) => (value as Date).toISOString(),
  parseValue: parseDateTime,
  parseLiteral: (node) => parseDateTime(node.kind === Kind.STRING ? node.value : null),
});

function parseDateTime(value: unknown): Date {
  const date = typeof value === 'string' && RFC_3339.test(value) ? new Date(value) : null;
  if (date && isStorable(date)) return date;
  throw new GraphQLError('A DateTime is an RFC 3339 string like "2026-11-22T08:00:00.000Z".');
}

/** Both RFC 3339 and PostgreSQL can express the years 1 to 9999. */
export function isStorable(date: Date): boolean {
  return !Number.isNaN(date.getTime()) && date.getUTCFullYear() >= 1 && date.getUTCFullYear() <= 9_999;
}

export const EventCursor = new GraphQLScalarType<string, string>({
  name: 'EventCursor',
  description:
    'An opaque position in the event stream. Compare cursors for equality only, and pass one as `after` to continue behind it. A cursor of another database is `BAD_USER_INPUT`.',
  serialize: String,
  parseValue: parseCursor,
  parseLiteral: (node) => parseCursor(node.kind === Kind.STRING ? node.value : null),
});

function parseCursor(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new GraphQLError('An EventCursor is a string that this API returned earlier.');
}
