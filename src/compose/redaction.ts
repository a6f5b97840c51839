// What of an engine's output may be shown to everybody: no Python tracebacks (they show code, and Pungi's extended ones
// local variables and the environment), no credentials in URLs, no control characters. The exception's own line stays:
// it is the error.

const DUMP_BEGINS = /^\s*<(CODE|LOCALS|GLOBALS|MODULES|ENVIRON(?:MENT)?|TRACEBACK)>\s*$/;
const LOG_LINE = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/;
const DROPPED =
  /^Frame \S+ in \S+ at line \d+$|^During handling of the above exception|^The above exception was the direct cause|Extended traceback in: |\] Traceback:$/;

/** Tells of one line after the other whether it may be shown. */
export function tracebackFilter(): (line: string) => boolean {
  let dump: string | null = null;
  let inTraceback = false;
  return (line) => {
    // A log line ends whatever a program that was killed left open.
    if (LOG_LINE.test(line)) {
      dump = null;
      inTraceback = false;
    }
    if (dump !== null) {
      if (line.trim() === `</${dump}>`) dump = null;
      return false;
    }
    dump = DUMP_BEGINS.exec(line)?.[1] ?? null;
    if (dump !== null) return false;
    if (line.includes('Traceback (most recent call last)')) {
      inTraceback = true;
      return false;
    }
    if (inTraceback && (line === '' || /^\s/.test(line))) return false;
    inTraceback = false;
    return !DROPPED.test(line);
  };
}

/** The line without credentials and control characters. */
export function presentable(line: string): string {
  return line
    .replace(/\u001b\[[0-9;]*[A-Za-z]/g, '')
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '')
    .replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^/\s"'<>@]*(?:@[^/\s"'<>@]*)*@/gi, '$1');
}
