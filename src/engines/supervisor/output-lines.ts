// Splits a stream of bytes into lines of bounded length. The rest of a longer line is dropped and marked, so that a program can
// write a gigabyte without a newline and take the memory of one line.

import { StringDecoder } from 'node:string_decoder';

const MAX_LINE_LENGTH = 16_384;
const CUT_MARK = ' […]';

interface LineSplitter {
  push(chunk: Uint8Array): void;
  /** Emits a last line without a line end. */
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
  function split(text: string): void {
    const lines = text.split('\n');
    const rest = lines.pop() ?? '';
    for (const line of lines) {
      collect(line);
      emit();
    }
    collect(rest);
  }
  return {
    push: (chunk) => split(decoder.write(chunk)),
    end: () => {
      split(decoder.end());
      if (pending !== '') emit();
    },
  };
}
