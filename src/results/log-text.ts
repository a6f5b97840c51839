// Turns an engine's output into the text of the log: whole lines of bounded length, without tracebacks and credentials, with
// URLs instead of server paths.

import { directoryName } from '../compose/compose-id.ts';
import { redactLine, tracebackFilter } from '../compose/redaction.ts';
import { attemptPath, scratchPath } from './layout.ts';

/** In UTF-16 units, at most 48 KiB of UTF-8: a line always fits into one chunk of `readLog`. */
const MAX_LINE_LENGTH = 16_384;

export interface LogText {
  /** The stored form of the complete lines. A last line without a line end waits for its rest. */
  push(text: string): string;
  /** The stored form of a waiting line. */
  end(): string;
}

interface LogSource {
  readonly target: string;
  readonly id: string;
  readonly attempt: number;
  readonly publicUrl: string;
}

export function logText(source: LogSource): LogText {
  const isPresentable = tracebackFilter();
  const replacePaths = pathReplacer(source);
  let pending = '';

  function store(line: string): string {
    const bounded = line.length > MAX_LINE_LENGTH ? `${line.slice(0, MAX_LINE_LENGTH)} […]` : line;
    return isPresentable(bounded) ? `${redactLine(replacePaths(bounded))}\n` : '';
  }
  return {
    push: (text) => {
      const lines = (pending + text).split('\n');
      pending = lines.pop() ?? '';
      return lines.map(store).join('');
    },
    end: () => {
      const rest = pending;
      pending = '';
      return rest === '' ? '' : store(rest);
    },
  };
}

/** In this order, because each path begins with the next one. */
function pathReplacer({ target, id, attempt, publicUrl }: LogSource): (line: string) => string {
  const replacements: readonly (readonly [string, string])[] = [
    [scratchPath(target, id, attempt), '(scratch)'],
    [attemptPath(target, id, attempt), `${publicUrl}/composes/${directoryName(id)}`],
    [target, `${publicUrl}/composes`],
  ];
  return (line) => replacements.reduce((text, [path, replacement]) => text.replaceAll(path, replacement), line);
}
