import type { Contract, MethodDescription } from '../../src/api/descriptors.ts';
import { roles } from '../../src/api/development-issuer.ts';

/** docs/authorisation.md: which scope each method needs, and which scopes each role of a development token has. */
export const authorisationPage = (contract: Contract): string => {
  const methods = contract.methods.map(({ service, name, routes, scope, descriptor }) => {
    const paths = routes.map(({ verb, path }) => `\`${verb} ${path}\``).join('<br>');
    return `| \`${service}/${name}\` | ${paths || 'gRPC only'} | \`${scope}\` | ${contract.comment(descriptor)} |`;
  });
  const rolesWithScopes = Object.entries(roles).map(([role, { scopes }]) => `| ${role} | ${scopes.map((scope) => `\`${scope}\``).join(' ')} |`);
  return `<!-- Generated from proto/ by \`npm run generate\`. Do not edit. -->

# Who may do what

Every call brings an OpenID Connect access token: \`Authorization: Bearer …\` in REST, \`authorization\` metadata in gRPC. Its claim \`scope\` must
name the method's scope. The claims \`customer_id\` and \`merchant_id\` bind the caller to that customer's or merchant's own data; acting for
others needs \`tenants:any-customer\` or \`tenants:any-merchant\`, and a missing claim never widens what a caller may do.

A token counts when it is signed with a key that its issuer publishes, by an asymmetric algorithm (EdDSA, ES256, ES384, RS256 or PS256), names
issuer and audience that this platform was told of, a subject, and an expiry that has not passed; clocks may differ by five seconds. What was
verified is trusted for a minute. The issuer's keys are asked for again after ten minutes, and for a key that is not known at once.

Whoever has \`orders:support\` is staff: what it is shown of a person is put on record before the answer leaves, and refused where that cannot be.
How many requests a caller may send, and where the record is read, is told in [Operations](operations.md).

A customer acts on its own orders, payments and returns; so does, with \`tenants:any-customer\`, who works for customers: checkout, support,
the payments worker. A merchant acts on its own offers, and of an order on its own lines, shipments and returns: an order without lines of
its own it cannot even ask about. What is somebody else's is refused as \`FORBIDDEN\`, whatever state it is in.

| Method | Path | Scope | |
|---|---|---|---|
${methods.join('\n')}

## Development tokens

\`npm run --silent token -- <role>\` prints a token of the built-in issuer, which only development has.

| Role | Scopes |
|---|---|
${rolesWithScopes.join('\n')}

What these roles may call; whose data they see and change there, the claims decide.

| Method | ${Object.keys(roles).join(' | ')} |
|---|${Object.keys(roles)
    .map(() => '---|')
    .join('')}
${contract.methods.map(permissions).join('\n')}
`;
};

const permissions = ({ service, name, scope }: MethodDescription): string => {
  const cells = Object.values(roles).map(({ scopes }) => ((scopes as readonly string[]).includes(scope) ? '✓' : ''));
  return `| \`${service}/${name}\` | ${cells.join(' | ')} |`;
};
