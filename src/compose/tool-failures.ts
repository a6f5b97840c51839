// One wording for failures of the tools that workers run.

import { failure, type ComposeFailure, type FailureCode } from './failure.ts';

/** The tool is not installed on the worker, or may not be executed. */
export function toolMissingFailure(
  tool: string,
  details: string | null = null,
  code: FailureCode = 'ENGINE_FAILED',
): ComposeFailure {
  return failure(code, `The worker cannot run ${tool}. Ask an administrator to install it.`, details);
}
