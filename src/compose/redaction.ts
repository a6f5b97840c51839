// Redacts the output of engines before clients see it: Python tracebacks (Pungi's extended ones contain local variables
// and the environment), credentials in URLs and control characters. The line of the exception itself stays.

const DUMP_BEGINS = /^\s*<(CODE|LOCALS|GLOBALS|MODULES|ENVIRON(?:MENT)?|TRACEBACK)>\s*$/;
const LOG_LINE = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/;
const DROPPED =
  /^Frame \S+ in \S+ at line \d+$|^During handling of the above exception|^The above exception was the direct cause|Extended traceback in: |\] Traceback:$/;

/** A filter for consecutive lines: false for the lines of a traceback. */
export function tracebackFilter(): (line: string) => boolean {
  let dump: string | null = null;
  let inTraceback = false;
  return (line) => {
    // A killed program can leave a dump or a traceback open; the next log line ends it.
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

/** Without credentials and control characters. */
export function redactLine(line: string): string {
  return line
    .replace(/\u001b\[[0-9;]*[A-Za-z]/g, '')
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '')
    .replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^/\s"'<>@]*(?:@[^/\s"'<>@]*)*@/gi, '$1');
}
