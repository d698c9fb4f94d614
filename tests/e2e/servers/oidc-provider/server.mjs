// SPDX-License-Identifier: Apache-2.0
// npm's oidc-provider on loopback, set up as strictly as it goes: every refresh rotates, a refresh token that comes back
// ends its grant. Log-in and consent answer themselves, so that curl with a cookie jar gets a code.
//
//   OIDC_PROVIDER_MODULES=DIR node server.mjs PORT-FILE [CERT KEY]      access tokens live ACCESS_TTL seconds (60)
//
// Writes its issuer into PORT-FILE when it listens; with CERT and KEY it is an https one. One user, and for every way of
// client authentication one client: basic, post, public.
import { randomBytes } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createRequire } from 'node:module';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [portFile, certificate, key] = process.argv.slice(2);
const accessTtl = Number(process.env.ACCESS_TTL ?? 60);
const api = 'https://api.example/';     // tokens for this resource are signed ones
const redirectUri = 'http://127.0.0.1/callback';

const require = createRequire(`${process.env.OIDC_PROVIDER_MODULES}/`);
const { default: Provider, errors } = await import(pathToFileURL(require.resolve('oidc-provider')));

// The provider's own memory adapter forgets after a thousand entries.
const rows = new Map();
const ofGrant = new Map();

class MapAdapter {
  constructor(model) { this.model = model; }

  key(id) { return `${this.model}:${id}`; }

  async upsert(id, payload) {
    rows.set(this.key(id), payload);
    if (payload.grantId) {
      if (!ofGrant.has(payload.grantId)) ofGrant.set(payload.grantId, new Set());
      ofGrant.get(payload.grantId).add(this.key(id));
    }
  }

  async find(id) { return rows.get(this.key(id)); }

  findWhere(name, value) {
    for (const [rowKey, row] of rows) {
      if (rowKey.startsWith(`${this.model}:`) && row[name] === value) return row;
    }
    return undefined;
  }

  async findByUid(uid) { return this.findWhere('uid', uid); }

  async findByUserCode(userCode) { return this.findWhere('userCode', userCode); }

  async consume(id) { rows.get(this.key(id)).consumed = Math.floor(Date.now() / 1000); }

  async destroy(id) { rows.delete(this.key(id)); }

  async revokeByGrantId(grantId) {
    for (const rowKey of ofGrant.get(grantId) ?? []) rows.delete(rowKey);
    ofGrant.delete(grantId);
  }
}

const client = {
  application_type: 'native',
  redirect_uris: [redirectUri],
  grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
  response_types: ['code'],
};

const confidential = { ...client, grant_types: [...client.grant_types, 'client_credentials'] };

// The secret has characters that the two encodings of Basic write differently.
const secret = 'a secret+with 100% of:the/odd=ones&more';

// Further clients of a test, as registration metadata: what they have in common is added here.
const more = process.env.MORE_CLIENTS ? JSON.parse(readFileSync(process.env.MORE_CLIENTS)) : [];

const peer = (ctx) => ctx.req.socket.getPeerX509Certificate?.();

const configuration = {
  adapter: MapAdapter,
  clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'none',
    ...(certificate ? ['tls_client_auth', 'self_signed_tls_client_auth'] : [])],
  clients: [
    ...more.map((entry) => ({ ...confidential, ...entry })),
    { ...confidential, client_id: 'basic', client_secret: secret, token_endpoint_auth_method: 'client_secret_basic' },
    { ...confidential, client_id: 'post', client_secret: secret, token_endpoint_auth_method: 'client_secret_post' },
    { ...client, client_id: 'public', token_endpoint_auth_method: 'none' },
  ],
  cookies: { keys: ['only a test'] },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    deviceFlow: { enabled: true },
    dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
    introspection: { enabled: true },
    registration: { enabled: true },
    registrationManagement: { enabled: true },
    ...(certificate && {
      mTLS: {
        enabled: true,
        certificateBoundAccessTokens: true,
        selfSignedTlsClientAuth: true,
        tlsClientAuth: true,
        getCertificate: peer,
        certificateAuthorized: (ctx) => ctx.req.socket.authorized,
        certificateSubjectMatches: (ctx, property, expected) =>
          property === 'tls_client_auth_subject_dn' && peer(ctx)?.subject === expected,
      },
    }),
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: async (ctx, resource) => {
        if (resource !== api) throw new errors.InvalidTarget();
        return { scope: 'read write', audience: api, accessTokenFormat: 'jwt', accessTokenTTL: accessTtl };
      },
    },
    revocation: { enabled: true },
  },
  findAccount: async (ctx, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  issueRefreshToken: async () => true,
  rotateRefreshToken: () => true,
  scopes: ['openid', 'offline_access', 'read', 'write'],
  ttl: { AccessToken: accessTtl, AuthorizationCode: 60, ClientCredentials: accessTtl, DeviceCode: 300, Grant: 86400, Interaction: 300, RefreshToken: 86400, Session: 86400 },
};

async function answerInteraction(provider, ctx) {
  const { prompt, params, session, grantId } = await provider.interactionDetails(ctx.req, ctx.res);
  let result = { login: { accountId: 'alice' } };
  if (prompt.name === 'consent') {
    const grant = (grantId && await provider.Grant.find(grantId))
      || new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope(params.scope ?? '');
    result = { consent: { grantId: await grant.save() } };
  }
  ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, result, { mergeWithLastSubmission: true }));
}

const web = certificate
  ? createHttpsServer({
    cert: readFileSync(certificate),
    key: readFileSync(key),
    requestCert: true,
    rejectUnauthorized: false,
    ...(process.env.CA_FILE && { ca: readFileSync(process.env.CA_FILE) }),
  })
  : createHttpServer();

web.listen(0, '127.0.0.1', () => {
  const issuer = certificate ? `https://localhost:${web.address().port}` : `http://127.0.0.1:${web.address().port}`;
  const provider = new Provider(issuer, configuration);
  provider.use(async (ctx, next) => {
    if (ctx.path.startsWith('/interaction/')) await answerInteraction(provider, ctx);
    else await next();
  });
  provider.on('server_error', (ctx, error) => console.error(error));
  web.on('request', provider.callback());
  writeFileSync(`${portFile}.new`, issuer);
  renameSync(`${portFile}.new`, portFile);
});
process.on('SIGTERM', () => process.exit(0));
