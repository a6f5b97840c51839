// The commit that a revision means among a server's references: a full commit itself, else a tag, a branch, or the one
// commit that it abbreviates. A tag takes precedence over a branch, as in git.

interface Reference {
  readonly name: string;
  readonly commit: string;
}

type Resolution =
  | { readonly commit: string }
  /** No reference matches; `short-commit` may still abbreviate a commit that no reference points to. */
  | { readonly unknown: 'name' | 'short-commit' }
  | { readonly ambiguous: readonly string[] };

const FULL = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const SHORT = /^[0-9a-f]{7,63}$/;
/** The rules of git check-ref-format, without anything that git could read as an option or a range. */
const NAME = /^(?![-/])(?!.*(?:\.\.|\/\/|@\{|\.lock(?:\/|$)|\/\.|[/.]$))[^\u0000-\u0020\u007f~^:?*[\\]{1,250}$/;

export function isFullCommit(text: string): boolean {
  return FULL.test(text);
}

export function isRevision(text: string): boolean {
  return NAME.test(text);
}

/** From the lines of `git ls-remote`; of an annotated tag, the commit (`^{}`) and not the tag object. */
export function parseReferences(lines: readonly string[]): readonly Reference[] {
  const references = new Map<string, string>();
  for (const line of lines) {
    const [, commit, name, peeled] = /^([0-9a-f]{40,64})\t(\S+?)(\^\{\})?$/.exec(line) ?? [];
    if (commit && name && (peeled || !references.has(name))) references.set(name, commit);
  }
  return [...references].map(([name, commit]) => ({ name, commit }));
}

export function resolveRevision(revision: string, references: readonly Reference[]): Resolution {
  if (FULL.test(revision)) return { commit: revision };
  for (const name of [revision, `refs/${revision}`, `refs/tags/${revision}`, `refs/heads/${revision}`]) {
    const found = references.find((reference) => reference.name === name);
    if (found) return { commit: found.commit };
  }
  if (!SHORT.test(revision)) return { unknown: 'name' };
  const commits = [
    ...new Set(references.filter(({ commit }) => commit.startsWith(revision)).map(({ commit }) => commit)),
  ];
  const [first] = commits;
  if (commits.length > 1) return { ambiguous: commits };
  return first ? { commit: first } : { unknown: 'short-commit' };
}
