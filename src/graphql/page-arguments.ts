// Descriptions of the arguments that page through a list.

export const FIRST = 'The size of the page, 1 to 100. Any other value is `BAD_USER_INPUT`.';
export const AFTER = 'A cursor of this list: the page begins behind it. Default: the beginning of the list.';
export const AFTER_EVENT =
  'An event cursor: only later events are included. A cursor of another database, or one that is ahead of the event stream because the database was restored from a backup, is `BAD_USER_INPUT`.';
