// The account of a fake Pulp.

export const ACCOUNT = { username: 'odcs', password: 'a:secret' };

export function isAuthorized(authorization: string | undefined): boolean {
  return authorization === `Basic ${Buffer.from(`${ACCOUNT.username}:${ACCOUNT.password}`).toString('base64')}`;
}
