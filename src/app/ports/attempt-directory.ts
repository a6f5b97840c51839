// The directories of one attempt, on the file system of its target directory.

export interface AttemptDirectory {
  /** `.attempts/<id>.<n>`: becomes the compose's directory when the attempt is published. */
  readonly directory: string;
  /** `.attempts/<id>.<n>.scratch`: deleted when the attempt ends. */
  readonly scratch: string;
}
