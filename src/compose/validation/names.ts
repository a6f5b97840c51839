// The kinds of names that requests hold. Wide enough for every name that is in use and no substitute for escaping: whoever
// writes a value somewhere still serialises it.

import type { TextKind } from './check.ts';

const CHARACTERS = 'ASCII letters, digits, blanks and - / _ . : # + ? $ ~';

/** Tags, content sets, ids of composes; no blank at either end. */
export const NAME: TextKind = { pattern: /^(?! )[A-Za-z0-9 \-/_.:#+?$~]+(?<! )$/, allowed: CHARACTERS };
/** name-version-release of a build; the version may hold a caret. */
export const NVR: TextKind = { pattern: /^(?! )[A-Za-z0-9 \-/_.:#+?$~^]+(?<! )$/, allowed: `${CHARACTERS} ^` };
export const PACKAGE: TextKind = {
  pattern: /^[A-Za-z0-9_*?[.][A-Za-z0-9._+\-~^:*?[\]!@%=,]*$/,
  allowed: 'a package name or glob',
};
export const SIGKEY: TextKind = {
  pattern: /^[0-9A-Za-z]{0,64}$/,
  allowed: 'letters and digits, or an empty string for unsigned',
};
export const TASK: TextKind = { pattern: /^[1-9]\d{0,9}$/, allowed: 'the number of a Koji task, in digits' };
/** As git check-ref-format has it, of plain characters, and nothing that could be taken for an option or a range. */
export const REVISION: TextKind = {
  pattern: /^(?![-/])(?!.*(?:\.\.|\/\/|@\{|\.lock(?:\/|$)|\/\.|[/.]$))[A-Za-z0-9\-/_.#+@,=%]+$/,
  allowed: 'a commit, or the name of a branch or a tag',
  limit: 250,
};
