// Commands of `console` blocks: which of them a test can run, and how their output is compared.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { ROOT } from './pages.ts';

export interface Command {
  readonly text: string;
  /** Empty if the document shows none. */
  readonly output: string;
}

/** Commands that no test runs, and why. */
const NOT_RUN: Readonly<Record<string, string>> = {
  sudo: 'changes the machine',
  git: 'changes the machine',
  docker: 'needs a container engine and the network',
  systemctl: 'needs systemd',
  journalctl: 'needs systemd',
  export: 'belongs to the next command',
  cd: 'belongs to the next command',
  pg_dump: 'needs client tools of the version of the server',
  pg_restore: 'needs client tools of the version of the server',
};

/** A command begins with `$ ` and goes on in lines that end with a backslash or in an open quote. */
export function commandsOf(block: string): Command[] {
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const lines = part.trimEnd().split('\n');
      let end = 1;
      while (end < lines.length && continues(lines.slice(0, end).join('\n'))) end += 1;
      return { text: lines.slice(0, end).join('\n'), output: lines.slice(end).join('\n') };
    });
}

function continues(text: string): boolean {
  return text.endsWith('\\') || (text.match(/'/g) ?? []).length % 2 === 1;
}

export function programOf({ text }: Command): string {
  return text.replace(/^(?:[A-Z_]+=\S+ )*/, '').split(/\s/)[0] ?? '';
}

export function isRun(command: Command): boolean {
  const program = programOf(command);
  return program === 'npm' ? / start -- /.test(command.text) : !(program in NOT_RUN);
}

/** What is wrong with a command of npm that is not run; null if nothing is. */
export function npmProblem({ text }: Command): string | null {
  const [, name = '', , rest = ''] = /npm (?:run )?([a-z:]+)( -- )?([^#]*)/.exec(text) ?? [];
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  if (!(name in scripts)) return `there is no script ${name}`;
  const missing = [...rest.matchAll(/test\/\S+/g)].find(([path]) => !existsSync(join(ROOT, path)));
  if (missing) return `there is no file ${missing[0]}`;
  const acceptance = readdirSync(join(ROOT, 'test/acceptance')).map((file) => basename(file, extname(file)));
  if (name === 'acceptance' && !acceptance.includes(rest.trim())) return `there is no acceptance test ${rest}`;
  return null;
}

/** `…` in the document stands for anything. */
export function isExpected(output: string, expected: string): boolean {
  if (expected === '') return true;
  const pattern = expected
    .split('…')
    .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
    .join('[\\s\\S]*');
  return new RegExp(`^${pattern}$`).test(output.trimEnd());
}
