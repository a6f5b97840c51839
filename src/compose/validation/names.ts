// The kinds of names in requests. They accept every name that is in use, and do not replace escaping: code that writes a
// value into a file still serialises it.

import type { TextKind } from './check.ts';
import { LIMITS } from './rules.ts';

const CHARACTERS = 'ASCII letters, digits, spaces and - / _ . : # + ? $ ~';

/** Tags, modules, content sets, ids of composes; no space at either end. */
export const NAME: TextKind = {
  pattern: /^(?! )[A-Za-z0-9 \-/_.:#+?$~]+(?<! )$/,
  expected: `may contain only ${CHARACTERS}, and no space at its ends`,
};
/** name-version-release of a build; the version may have a caret. */
export const NVR: TextKind = {
  pattern: /^(?! )[A-Za-z0-9 \-/_.:#+?$~^]+(?<! )$/,
  expected: `may contain only ${CHARACTERS} ^, and no space at its ends`,
};
export const PACKAGE: TextKind = {
  pattern: /^[A-Za-z0-9_*?[.][A-Za-z0-9._+\-~^:*?[\]!@%=,]*$/,
  expected: 'must be a package name, a name.arch or a glob, e.g. bash, glibc.i686 or python3-*',
};
export const SIGKEY: TextKind = {
  pattern: /^[0-9A-Za-z]{0,64}$/,
  expected: 'must be a key id of at most 64 letters and digits, or an empty string for unsigned packages',
};
export const TASK: TextKind = {
  pattern: /^[1-9]\d{0,9}$/,
  expected: 'must be the id of a Koji task, in digits',
};
/** What git check-ref-format accepts, of plain characters, except for what git could read as an option or a range. */
export const REVISION: TextKind = {
  pattern: /^(?![-/])(?!.*(?:\.\.|\/\/|@\{|\.lock(?:\/|$)|\/\.|[/.]$))[A-Za-z0-9\-/_.#+@,=%]+$/,
  expected: 'must be a commit, or the name of a branch or a tag',
  limit: LIMITS.revision,
};
