// Prints the result of `.ci/run` from vitest's JSON report, its exit code, and the checks that passed and failed. Ends
// with 1 if anything failed.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

const [reportFile, suiteExitCode, checksPassed, checksFailed] = process.argv.slice(2);
const { files, passed, failed, skipped } = suite();
const flakes = files.flatMap(({ name, assertionResults }) =>
  assertionResults
    .filter(({ status, failureMessages }) => status === 'passed' && failureMessages.length > 0)
    .map(({ fullName }) => `${relative('.', name)}: ${fullName}`),
);
if (flakes.length > 0)
  console.log(`Flakes, passed at the second try:\n${flakes.map((flake) => `  ${flake}\n`).join('')}`);

let failures = failed + Number(checksFailed);
// The suite may break outside of any test.
if (failures === 0 && suiteExitCode !== '0') failures = 1;
console.log(`${passed + Number(checksPassed)} passed, ${failures} failed, ${skipped} skipped`);
process.exitCode = failures === 0 ? 0 : 1;

function suite() {
  try {
    const report = JSON.parse(readFileSync(reportFile, 'utf8'));
    // A file that cannot be loaded has no failed test.
    const broken = report.testResults.filter(
      ({ status, assertionResults }) =>
        status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
    );
    return {
      files: report.testResults,
      passed: report.numPassedTests,
      failed: report.numFailedTests + broken.length,
      skipped: report.numPendingTests + report.numTodoTests,
    };
  } catch {
    return { files: [], passed: 0, failed: 1, skipped: 0 };
  }
}
