// The command line of pungi-koji.

import type { Generation } from '../../app/ports.ts';
import type { PungiInput } from './input-files.ts';

/** `oldComposes`: a directory of composes whose caches Pungi may reuse. */
export function pungiArguments(
  { compose, directory, input: { koji, rawConfig } }: Generation,
  files: PungiInput,
  oldComposes: string | null = null,
): string[] {
  return [
    `--config=${files.configFile}`,
    '--no-latest-link',
    `--compose-dir=${directory}`,
    `--${compose.composeType.toLowerCase()}`,
    ...(compose.label === null ? [] : [`--label=${compose.label}`]),
    ...compose.parentPungiComposeIds.map((id) => `--parent-compose-id=${id}`),
    ...(compose.respinOf === null ? [] : [`--respin-of=${compose.respinOf}`]),
    ...(koji && koji.event !== null ? [`--koji-event=${koji.event}`] : []),
    ...(rawConfig && rawConfig.kojiEvent !== null ? [`--koji-event=${rawConfig.kojiEvent}`] : []),
    ...(oldComposes === null ? [] : [`--old-composes=${oldComposes}`]),
    ...(rawConfig?.arguments ?? []),
    `--notification-script=${files.notificationScript}`,
  ];
}
