// Cuts a stream of bytes into lines of bounded length. What exceeds the bound is dropped up to the next line end and
// marked, so that an engine that writes a gigabyte without a newline costs no more than one line.

import { StringDecoder } from 'node:string_decoder';

export const MAX_LINE_LENGTH = 16_384;
const CUT_MARK = ' […]';

export interface LineSplitter {
  push(chunk: Uint8Array): void;
  /** Hands over a last line that has no end. */
  end(): void;
}

export function lineSplitter(onLine: (line: string) => void): LineSplitter {
  const decoder = new StringDecoder('utf8');
  let pending = '';
  let isCut = false;

  function collect(text: string): void {
    if (pending.length + text.length > MAX_LINE_LENGTH) isCut = true;
    pending = pending + text.slice(0, MAX_LINE_LENGTH - pending.length);
  }
  function emit(): void {
    onLine(isCut ? pending + CUT_MARK : pending.replace(/\r$/, ''));
    pending = '';
    isCut = false;
  }
  function take(text: string): void {
    const lines = text.split('\n');
    const rest = lines.pop() ?? '';
    for (const line of lines) {
      collect(line);
      emit();
    }
    collect(rest);
  }
  return {
    push: (chunk) => take(decoder.write(chunk)),
    end: () => {
      take(decoder.end());
      if (pending !== '') emit();
    },
  };
}
