// Pungi hands the names asked for to pungi-gather as lines of a kickstart file, unescaped: `@x` would be a group, `-x`
// an exclusion, `%include /file` another file, `#` begins a comment. No package is called so; what is asked for by such
// a name is missing.

const CANNOT_BE_A_LINE = /^[@%-]|^$|[#\s\u0000-\u001f\u007f-\u009f\ufffe\uffff]|\p{Surrogate}/u;

export function canBeGathered(name: string): boolean {
  return !CANNOT_BE_A_LINE.test(name);
}
