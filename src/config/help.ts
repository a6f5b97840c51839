// `npm start -- --help`, from the table of settings.

import { FORMER_NAMES_END, settingEntries } from './settings.ts';

const USAGE = `Usage: npm start [-- OPTION]

Serves the GraphQL API, generates composes, or both (ODCS_ROLE).

Options:
  --check     Checks the configuration and ends: with 0 if it is valid, with 2 if it is not.
  --help, -h  Shows this text.
  --version   Shows the version.

Settings are environment variables, or keys of the YAML file that ODCS_CONFIG names. A key such as http.port is \`port\`
below \`http\`. The environment wins over the file. Former names work until version ${FORMER_NAMES_END}.
`;

export function helpText(): string {
  const rows = settingEntries.map(([path, setting]) => {
    const { env, former, shownDefault, text, expected, isEnvironmentOnly } = setting;
    return [
      `  ${env}${isEnvironmentOnly ? '' : `  (YAML: ${path})`}`,
      `      ${text}`,
      `      Value: ${expected}. Default: ${shownDefault}.${former ? ` Former name: ${former}.` : ''}`,
    ].join('\n');
  });
  return `${USAGE}\n${rows.join('\n')}\n`;
}
