// The log: JSON lines on standard error. Fields with the names of secrets are redacted; callers remove credentials from
// URLs.

import { pino } from 'pino';
import type { Logger } from '../app/ports.ts';

export function createLogger(level: string): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: ['password', '*.password', 'authorization', '*.authorization', 'cookie', '*.cookie'],
        censor: '[redacted]',
      },
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
