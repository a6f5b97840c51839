// What Pungi says for certain reasons, in its own words, and what that means to who asked for the compose.

import { failure, type ComposeFailure, type FailureCode } from '../../compose/failure.ts';

const KNOWN: readonly {
  readonly says: RegExp;
  readonly code: FailureCode;
  readonly means: (...parts: readonly string[]) => string;
}[] = [
  {
    says: /^Program '([^']+)' doesn't exist\. Install package '([^']+)'/,
    code: 'ENGINE_FAILED',
    means: (program, name) =>
      `${program} (package ${name}), a program that Pungi needs, is not installed on the worker; tell an administrator.`,
  },
  {
    says: /Compose run failed: Failed to query URL /,
    code: 'UPSTREAM_UNAVAILABLE',
    means: () => 'MBS does not answer Pungi; try again later.',
  },
  {
    says: /Compose run failed: (5\d\d) Server Error: .* for url/,
    code: 'UPSTREAM_UNAVAILABLE',
    means: (status) => `A service that Pungi asks answers with an error (${status}); try again later.`,
  },
  {
    says: /Compose run failed: Module (\S+) does not have metadata for arch (\S+) /,
    code: 'INVALID_SOURCE',
    means: (module, arch) => `The module ${module} was not built for ${arch}; ask for a compose without that arch.`,
  },
  {
    says: /Compose run failed: No module build found for '([^']+)'/,
    code: 'INVALID_SOURCE',
    means: (module) => `Koji has no build of the module ${module}.`,
  },
  {
    says: /Compose run failed: modulemd-yaml-error-quark: Failed to open file/,
    code: 'UPSTREAM_UNAVAILABLE',
    means: () =>
      "Files of modules that Koji has are not where the worker looks for them; tell an administrator to see to Koji's topDir.",
  },
  {
    says: /Compose run failed: There are conflicting requests for platform/,
    code: 'INVALID_SOURCE',
    means: () => 'The modules are built for different platforms; name tags whose modules are for one.',
  },
  {
    says: /Compose run failed: (?:No such tagInfo: |No such entry in table tag: )'?([^']+)'?$/,
    code: 'INVALID_SOURCE',
    means: (tag) => `Koji has no tag ${tag}.`,
  },
  {
    says: /Compose run failed: no configuration for profile name: (\S+)$/,
    code: 'ENGINE_FAILED',
    means: (profile) => `The Koji profile ${profile} is not configured on the worker; tell an administrator.`,
  },
];

/** By lines that may be shown; null where none of them is known. */
export function knownFailure(lines: readonly string[], details: string | null): ComposeFailure | null {
  for (const line of lines) {
    for (const { says, code, means } of KNOWN) {
      const [found, ...parts] = says.exec(line) ?? [];
      if (found !== undefined) return failure(code, means(...parts), details);
    }
  }
  return null;
}
