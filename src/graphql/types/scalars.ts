// The two scalars of the API. What an EventCursor means is decided by whoever knows the database (api.cursors).

import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';

// Full date, `T`, time with optional fraction, and a zone: what Date.parse accepts beyond that is no RFC 3339.
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;

export const DateTime = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  description: 'RFC 3339, always UTC, millisecond precision.',
  serialize: (value) => (value as Date).toISOString(),
  parseValue: parseDateTime,
  parseLiteral: (node) => parseDateTime(node.kind === Kind.STRING ? node.value : null),
});

function parseDateTime(value: unknown): Date {
  const date = typeof value === 'string' && RFC_3339.test(value) ? new Date(value) : null;
  if (date && isStorable(date)) return date;
  throw new GraphQLError('A DateTime is a string like "2026-11-22T08:00:00.000Z".');
}

/** Years 1 to 9999: what RFC 3339 writes and PostgreSQL reads alike. */
export function isStorable(date: Date): boolean {
  return !Number.isNaN(date.getTime()) && date.getUTCFullYear() >= 1 && date.getUTCFullYear() <= 9_999;
}

export const EventCursor = new GraphQLScalarType<string, string>({
  name: 'EventCursor',
  description:
    'Opaque position in the event stream. Compare for equality only; hand it back as `after`. One from another database is BAD_USER_INPUT.',
  serialize: String,
  parseValue: parseCursor,
  parseLiteral: (node) => parseCursor(node.kind === Kind.STRING ? node.value : null),
});

function parseCursor(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new GraphQLError('An EventCursor is a string that this API gave out.');
}
