// Rules about two settings together.

import { problem, type ConfigProblem } from './problem.ts';
import type { Values } from './settings.ts';

export function checkTogether({ role, database, retention, results, modules, koji }: Values): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  if (retention.secondsToLive > retention.maxSecondsToLive)
    problems.push(
      problem(
        'retention.secondsToLive',
        `${retention.secondsToLive} is more than ODCS_MAX_SECONDS_TO_LIVE (${retention.maxSecondsToLive})`,
        'Write less here, or more there.',
      ),
    );
  if ('default' in results.targetDirs)
    problems.push(
      problem(
        'results.targetDirs',
        '`default` is the name of ODCS_TARGET_DIR',
        'Write another name for the directory.',
      ),
    );
  if (role !== 'all' && database.url === undefined)
    problems.push(
      problem(
        'database.url',
        `is missing, and the embedded PostgreSQL serves the role all only, not ${role}`,
        'Write the URL of the PostgreSQL that all processes share.',
      ),
    );
  if (modules.mbsUrl !== undefined && koji === undefined)
    problems.push(
      problem('koji', 'is missing, but ODCS_MBS_URL is set and modules are built in Koji', 'Write the Koji as well.'),
    );
  return problems;
}
