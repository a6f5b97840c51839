// Reads Pungi's logs for failure messages and details: without tracebacks, credentials and paths of this server.

import { open } from 'node:fs/promises';
import type { Generation } from '../../app/ports.ts';
import { redactLine, tracebackFilter } from '../../compose/redaction.ts';

/** The error is at the end of a log. */
const TAIL_BYTES = 262_144;
/** Lines in the details when no line is an error. */
const LAST_LINES = 20;

export function presentableLines(
  lines: readonly string[],
  { directory, scratch }: Pick<Generation, 'directory' | 'scratch'>,
): string[] {
  const isPresentable = tracebackFilter();
  return lines
    .filter(isPresentable)
    .map((line) =>
      redactLine(
        line
          .replaceAll(`${scratch}/`, '')
          .replaceAll(scratch, '(scratch)')
          .replaceAll(`${directory}/`, '')
          .replaceAll(directory, '(compose)'),
      ),
    );
}

/** Error lines with their continuation lines; the last lines when there are no error lines. Null when there is no output. */
export function errorExcerpt(lines: readonly string[]): string | null {
  const errors = lines.filter(
    (line, index) => isError(line) || (!beginsEntry(line) && isError(lines.slice(0, index).findLast(beginsEntry))),
  );
  const text = (errors.length > 0 ? errors : lines.slice(-LAST_LINES)).join('\n').trim();
  return text === '' ? null : text;
}

export function lastLines(lines: readonly string[]): string[] {
  return lines.slice(-LAST_LINES);
}

function isError(line: string | undefined): boolean {
  return (
    line !== undefined &&
    /\[(?:ERROR {3}|CRITICAL)\]|^(?:Failed validation|ERROR|Exception:|\S*pungi-koji: error:)/.test(line)
  );
}

/** Other lines continue the entry before them. */
function beginsEntry(line: string): boolean {
  return /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d |^(?:WARNING|ERROR|Exception|Failed validation|usage)\b/.test(line);
}

/** The end of a file; empty when there is no such file. */
export async function readTail(path: string): Promise<string> {
  const file = await open(path, 'r').catch(() => null);
  if (!file) return '';
  try {
    const { size } = await file.stat();
    const length = Math.min(size, TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
