// With fs.protected_hardlinks, a process cannot hard-link the packages of another user. Needs root, to run as another user.

import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/repo-source.ts';

const NOBODY = 65_534;
const PROTECTED = '/proc/sys/fs/protected_hardlinks';
const module = fileURLToPath(new URL('../../src/engines/shared/link-file.ts', import.meta.url));
const isPossible =
  process.getuid?.() === 0 && existsSync(PROTECTED) && readFileSync(PROTECTED, 'utf8').trim() === '1' && canRun();

describe.runIf(isPossible)('createLinker for a package of another user', () => {
  it('copies it in the mode auto', () => {
    const { from, to } = paths();
    const program = `const { createLinker } = await import(${JSON.stringify(module)}); const linker = createLinker('auto'); linker.link('${from}', '${to}'); console.log(JSON.stringify(linker.counts));`;
    expect(asNobody(program)).toBe('{"reflink":0,"hardlink":0,"copy":1}');
    expect(readFileSync(to, 'utf8')).toBe('a package');
    expect(statSync(to).ino).not.toBe(statSync(from).ino);
    expect(statSync(to).uid).toBe(NOBODY);
  });

  it('fails with EPERM in the mode hardlink', () => {
    const { from, to } = paths();
    const program = `const { createLinker } = await import(${JSON.stringify(module)}); try { createLinker('hardlink').link('${from}', '${to}'); } catch (error) { console.log(error.code); }`;
    expect(asNobody(program)).toBe('EPERM');
    expect(existsSync(to)).toBe(false);
  });
});

function paths(): { readonly from: string; readonly to: string } {
  const top = temporaryDirectory();
  chmodSync(top, 0o755);
  const [from, target] = [join(top, 'package.rpm'), join(top, 'target')];
  writeFileSync(from, 'a package', { mode: 0o644 });
  mkdirSync(target);
  chownSync(target, NOBODY, NOBODY);
  return { from, to: join(target, 'package.rpm') };
}

function asNobody(program: string): string {
  return execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    uid: NOBODY,
    gid: NOBODY,
    cwd: '/',
    env: {},
    encoding: 'utf8',
  }).trim();
}

function canRun(): boolean {
  try {
    return asNobody(`await import(${JSON.stringify(module)}); console.log('yes')`) === 'yes';
  } catch {
    return false;
  }
}
