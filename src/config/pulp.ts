// The Pulp that content sets are looked up in.

import { z } from 'zod';
import { fileContent } from './files.ts';
import { httpUrlSchema, keysOf, structure } from './setting.ts';
import { tlsProblem } from './tls.ts';

const labels = z
  .strictObject({
    contentSet: z.string(),
    arch: z.string(),
    signatures: z.string(),
    productVersions: z.string(),
    published: z.string(),
  })
  .partial();

const keys = z.strictObject({
  url: httpUrlSchema.describe('URL of the Pulp server. Required.'),
  kind: z
    .literal([2, 3], { error: 'must be 2 or 3' })
    .describe(
      '2 or 3: its major version. Pulp 2 is searched by the notes of repositories, Pulp 3 by labels. Required.',
    ),
  contentUrl: httpUrlSchema.optional().describe('Pulp 2: the URL that relative URLs of repositories start at.'),
  username: z.string().min(1).optional().describe('User for HTTP basic authentication. It needs a password.'),
  password: z.string().min(1).optional().describe('Password of the user. Prefer passwordFile or ODCS_PULP_PASSWORD.'),
  passwordFile: fileContent.optional().describe('File that holds the password.'),
  certFile: fileContent.optional().describe('PEM file with the client certificate. It needs keyFile.'),
  keyFile: fileContent.optional().describe('PEM file with the key of the client certificate.'),
  caFile: fileContent.optional().describe('PEM file with the CA of the server, where it is not a public one.'),
  apiPath: z
    .string()
    .startsWith('/')
    .endsWith('/')
    .optional()
    .describe('Pulp 3: path of the distributions, where they are not in the default domain.'),
  labels: labels
    .optional()
    .describe(
      "Pulp 3: names of the labels contentSet, arch, signatures, productVersions and published, where they are not those of Pulp 2's notes.",
    ),
});

const schema = keys.transform(({ passwordFile, password, certFile, keyFile, caFile, ...settings }, context) => {
  const tls = {
    ...(certFile !== undefined && { cert: certFile }),
    ...(keyFile !== undefined && { key: keyFile }),
    ...(caFile !== undefined && { ca: caFile }),
  };
  const secret = passwordFile ?? password;
  const problem = tlsProblem(tls);
  if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  if (settings.username !== undefined && secret === undefined)
    context.addIssue({ code: 'custom', message: 'username needs a password: set passwordFile or ODCS_PULP_PASSWORD' });
  return {
    ...settings,
    ...(secret !== undefined && { password: secret }),
    ...(Object.keys(tls).length > 0 && { tls }),
  };
});

export const pulpKind = structure(schema, 'a mapping with url, kind (2 or 3) and the keys that you need', keysOf(keys));
