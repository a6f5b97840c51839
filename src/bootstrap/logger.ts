// JSON lines on standard error. Credentials do not get in: connection URLs are cut before they are logged, and what is
// called like a secret is struck out.

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
