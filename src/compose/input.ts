// The input of createCompose as it arrives: every optional field may be left out or null. Only its types are checked;
// validate-request.ts turns it into a ComposeRequest.

import type { ComposeSourceInput } from './sources/descriptors.ts';
import type { Optional } from './sources/shared-fields.ts';
import type { Strings } from './validation/check.ts';
import type { ComposeFlag, ComposeResult, ComposeType, MultilibMethod } from './vocabulary.ts';

export interface CreateComposeInput {
  readonly source: ComposeSourceInput;
  readonly idempotencyKey?: Optional<string>;
  readonly secondsToLive?: Optional<number>;
  readonly flags?: Optional<readonly ComposeFlag[]>;
  readonly results?: Optional<readonly ComposeResult[]>;
  readonly arches?: Strings;
  readonly sigkeys?: Strings;
  readonly multilibArches?: Strings;
  readonly multilibMethods?: Optional<readonly MultilibMethod[]>;
  readonly lookasideRepos?: Strings;
  readonly composeType?: Optional<ComposeType>;
  readonly label?: Optional<string>;
  readonly targetDir?: Optional<string>;
  readonly parentPungiComposeIds?: Strings;
  readonly respinOf?: Optional<string>;
}
