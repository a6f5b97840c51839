// Messages of Pungi that have a known meaning for the requester.

import { failure, type ComposeFailure, type FailureCode } from '../../compose/failure.ts';

interface KnownFailure {
  readonly pattern: RegExp;
  readonly code: FailureCode;
  /** `groups`: the groups of the pattern. */
  readonly message: (...groups: readonly string[]) => string;
}

const KNOWN: readonly KnownFailure[] = [
  {
    pattern: /^Program '([^']+)' doesn't exist\. Install package '([^']+)'/,
    code: 'ENGINE_FAILED',
    message: (program, name) =>
      `The worker cannot run ${program}, which Pungi needs; ask an administrator to install the package ${name}.`,
  },
  {
    pattern: /Compose run failed: Failed to query URL /,
    code: 'UPSTREAM_UNAVAILABLE',
    message: () => 'MBS does not answer Pungi. Try again later.',
  },
  {
    pattern: /Compose run failed: (5\d\d) Server Error: .* for url/,
    code: 'UPSTREAM_UNAVAILABLE',
    message: (status) => `A service that Pungi depends on answered with HTTP status ${status}. Try again later.`,
  },
  {
    pattern: /Compose run failed: Module (\S+) does not have metadata for arch (\S+) /,
    code: 'INVALID_SOURCE',
    message: (module, arch) => `The module ${module} was not built for ${arch}. Ask for a compose without that arch.`,
  },
  {
    pattern: /Compose run failed: No module build found for '([^']+)'/,
    code: 'INVALID_SOURCE',
    message: (module) => `Koji has no build of the module ${module}. Correct the module.`,
  },
  {
    pattern: /Compose run failed: modulemd-yaml-error-quark: Failed to open file/,
    code: 'UPSTREAM_UNAVAILABLE',
    message: () => "The worker cannot find module files that Koji has. Ask an administrator to check Koji's topDir.",
  },
  {
    pattern: /Compose run failed: There are conflicting requests for platform/,
    code: 'INVALID_SOURCE',
    message: () => 'The modules are built for different platforms. Choose tags whose modules are for one platform.',
  },
  {
    pattern: /Compose run failed: (?:No such tagInfo: |No such entry in table tag: )'?([^']+)'?$/,
    code: 'INVALID_SOURCE',
    message: (tag) => `Koji has no tag ${tag}. Correct the tag.`,
  },
  {
    pattern: /Compose run failed: no configuration for profile name: (\S+)$/,
    code: 'ENGINE_FAILED',
    message: (profile) =>
      `The worker has no configuration for the Koji profile ${profile}. Ask an administrator to add it.`,
  },
];

/** `lines`: output of Pungi that may be shown. Null when no message is known. */
export function knownFailure(lines: readonly string[], details: string | null): ComposeFailure | null {
  for (const line of lines) {
    for (const { pattern, code, message } of KNOWN) {
      const [found, ...groups] = pattern.exec(line) ?? [];
      if (found !== undefined) return failure(code, message(...groups), details);
    }
  }
  return null;
}
