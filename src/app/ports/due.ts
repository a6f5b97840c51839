// Which composes a chore must handle.

export type Due =
  /** DONE or FAILED, expired at `at`, without a living pin, and not being removed. In the order of their expiry. */
  | { readonly what: 'EXPIRED'; readonly at: Date; readonly targetDirs: readonly string[] }
  /** As EXPIRED, including composes that are being removed. */
  | { readonly what: 'EXPIRED_OR_REMOVING'; readonly at: Date; readonly targetDirs: readonly string[] }
  /** Being removed since `before` or earlier, and not REMOVED yet. */
  | { readonly what: 'HALF_REMOVED'; readonly before: Date; readonly targetDirs: readonly string[] }
  /** Not REMOVED, with a pin that expired at `at` or earlier. */
  | { readonly what: 'EXPIRED_PINS'; readonly at: Date }
  /** DONE, with `latest-*` links that may not be up to date. In the order in which they became DONE. */
  | { readonly what: 'LATEST_LINKS'; readonly targetDirs: readonly string[] }
  /** Reused composes that have ended while a reuser is still GENERATING. */
  | { readonly what: 'UNRESOLVED_REUSERS' }
  /** In WAIT since `before` or earlier: since the last worker returned it or, if no worker had it, since submission. */
  | { readonly what: 'WAITED_TOO_LONG'; readonly before: Date };

export type DueQuery = Due & {
  readonly limit: number;
  /** An id of the page before: only composes that follow it in the order of the query. */
  readonly after?: string;
};
