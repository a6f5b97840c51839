import { describe, expect, it } from 'vitest';
import { redactLine, tracebackFilter } from '../../src/compose/redaction.ts';

function shown(text: string): string[] {
  return text.split('\n').filter(tracebackFilter());
}

describe('tracebackFilter', () => {
  it('drops a traceback and keeps the line of its exception', () => {
    expect(
      shown(`2026-11-22 10:00:00 [INFO    ] before
Traceback (most recent call last):
  File "/usr/bin/pungi-gather", line 5, in <module>
    sys.exit(cli_main())
             ^^^^^^^^^^
libdnf._error.Error: Cannot download repomd.xml

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/usr/lib/dnf.py", line 1, in load
    raise RepoError(password='hunter2')
dnf.exceptions.RepoError: no such repository
2026-11-22 10:00:01 [INFO    ] after`).filter((line) => line !== ''),
    ).toEqual([
      '2026-11-22 10:00:00 [INFO    ] before',
      'libdnf._error.Error: Cannot download repomd.xml',
      'dnf.exceptions.RepoError: no such repository',
      '2026-11-22 10:00:01 [INFO    ] after',
    ]);
  });

  it('drops code, local variables and environment of an extended traceback', () => {
    const dump = `Frame check_deps in /opt/pungi/method_deps.py at line 286
<CODE>
 --> 286  raise RuntimeError
</CODE>
<LOCALS>
  password = 'hunter2'
</LOCALS>
<ENVIRON>
DATABASE_URL = postgres://u:p@host/db
</ENVIRON>
RuntimeError: it broke
[ERROR   ] Extended traceback in: /srv/logs/traceback.log`;
    expect(shown(dump)).toEqual(['RuntimeError: it broke']);
  });

  it('ends an unfinished dump at the next log line', () => {
    expect(shown('<LOCALS>\n  x = 1\n2026-11-22 10:00:01 [INFO    ] after')).toEqual([
      '2026-11-22 10:00:01 [INFO    ] after',
    ]);
  });
});

describe('redactLine', () => {
  it('removes credentials in URLs and control characters', () => {
    expect(redactLine('get https://me:s3cr@t@host/x?a=b@c \u001b[31mred\u001b[0m\u0007')).toBe(
      'get https://host/x?a=b@c red',
    );
    expect(redactLine('mail a@b, postgres://u:p@db/x, http://host/p@th')).toBe(
      'mail a@b, postgres://db/x, http://host/p@th',
    );
  });
});
