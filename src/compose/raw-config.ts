// What operators configure for a raw configuration. The setting and the source resolver have its fields from here.

/** A raw configuration, as the operators configure it. */
export interface RawConfig {
  /** Of the git repository. */
  readonly url: string;
  /** The directory of the configuration in the repository. */
  readonly path?: string | undefined;
  readonly configFile: string;
  /** Replaces the commit of the request. */
  readonly commit?: string | undefined;
  /** The wrapper's path on this machine. */
  readonly wrapper?: string | undefined;
  readonly schemaOverride: readonly string[];
  readonly timeoutSeconds?: number | undefined;
  readonly arguments: readonly string[];
}
