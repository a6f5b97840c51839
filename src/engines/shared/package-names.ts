// Which requested names can be package names at all. Pungi passes them to pungi-gather as lines of a kickstart file,
// unescaped: `@x` would be a group, `-x` an exclusion, `%include /file` another file, `#` a comment.

const NO_PACKAGE_NAME = /^[@%-]|^$|[#\s\u0000-\u001f\u007f-\u009f\ufffe\uffff]|\p{Surrogate}/u;

/** Names for which this is false are always missing packages. */
export function isPossiblePackageName(name: string): boolean {
  return !NO_PACKAGE_NAME.test(name);
}
