import { randomBytes, randomUUID } from 'node:crypto';
import { askedHost, escapeHtml, formBody, type Call, type Reply } from '../http.ts';
import type { Origin } from '../world.ts';
import { createApiKeys, type ApiKey, type KeyVendor } from './api-keys.ts';
import { createS3, S3_PERMISSIONS } from './aws-s3/index.ts';
import { isSignedBy, signatureIn } from './aws-signature.ts';

/** A user may have two access keys, and one of them is in use: there is room for one successor. */
const KEYS_MAX = 2;
const CLOCK_SKEW_MS = 900_000;
const ACCOUNT = '123456789012';
const SCOPES = ['iam:CreateAccessKey', 'iam:ListAccessKeys', 'iam:DeleteAccessKey', ...S3_PERMISSIONS];
const VERSIONS: Record<string, string> = { sts: '2011-06-15', iam: '2010-05-08' };

/** STS and IAM, as far as access keys go: signed form posts, answered in XML. S3 knows the same keys, and is asked at its own hosts. */
export function createAwsIam(origin: Origin): KeyVendor {
  const keys = createApiKeys(origin, {
    vendor: 'aws-iam',
    spell: () => ({
      id: `AKIA${Array.from(randomBytes(16), (byte) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[byte % 32]).join('')}`,
      secret: randomBytes(30).toString('base64'),
    }),
    first: ['bizosaas', 'someone-else'].map((account, index) => ({
      id: `AKIAEMULATEDKEY0000${index + 1}`,
      secret: `emulatedSecretAccessKey/emulated+key000${index + 1}`,
      // An access key has no name of its own.
      ...{ name: '', account, scopes: SCOPES },
    })),
    scopes: SCOPES,
  });

  const s3 = createS3(origin, (id) => keys.used((key) => key.id === id), ACCOUNT);

  const actions: Record<
    string,
    { service: string; needs?: string; act: (key: ApiKey, form: URLSearchParams) => Reply }
  > = {
    GetCallerIdentity: {
      service: 'sts',
      act: ({ account }) => {
        const arn = `arn:aws:iam::${ACCOUNT}:user/${account}`;
        return done('GetCallerIdentity', 'sts', { Arn: arn, UserId: 'AIDAEMULATEDUSER00001', Account: ACCOUNT });
      },
    },
    CreateAccessKey: {
      service: 'iam',
      needs: 'iam:CreateAccessKey',
      act: ({ account, scopes }) => {
        if (keys.of(account).length >= KEYS_MAX)
          return failed(409, 'LimitExceeded', `Cannot exceed quota for AccessKeysPerUser: ${KEYS_MAX}`);
        const made = keys.add({ name: '', account, scopes });
        return done('CreateAccessKey', 'iam', { AccessKey: { ...shown(made), SecretAccessKey: made.secret } });
      },
    },
    ListAccessKeys: {
      service: 'iam',
      needs: 'iam:ListAccessKeys',
      act: ({ account }) =>
        done('ListAccessKeys', 'iam', {
          UserName: account,
          AccessKeyMetadata: { member: keys.of(account).map(shown) },
          IsTruncated: 'false',
        }),
    },
    DeleteAccessKey: {
      service: 'iam',
      needs: 'iam:DeleteAccessKey',
      act: ({ account }, form) => {
        const id = form.get('AccessKeyId') ?? '';
        const known = keys.of(account).some((key) => key.id === id);
        if (!known || !keys.remove(id))
          return failed(404, 'NoSuchEntity', `The Access Key with id ${id} cannot be found.`);
        return done('DeleteAccessKey', 'iam', null);
      },
    },
  };

  /** Who asks, or why nobody is believed. */
  const caller = (call: Call, service: string): ApiKey | Reply => {
    const given = signatureIn(call);
    if (!given) return failed(403, 'MissingAuthenticationToken', 'Request is missing Authentication Token');
    const key = keys.used(({ id }) => id === given.keyId);
    if (!key) return failed(403, 'InvalidClientTokenId', 'The security token included in the request is invalid.');
    const stated = [call.headers['x-amz-date']].flat()[0] ?? '';
    const at = Date.parse(stated.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
    const isLate = Number.isNaN(at) || Math.abs(origin.now() - at) > CLOCK_SKEW_MS || !stated.startsWith(given.date);
    if (isLate) return failed(403, 'SignatureDoesNotMatch', `Signature expired: ${stated}`);
    if (given.service !== service || given.region !== regionOf(call) || !isSignedBy(key.secret, call, given))
      return failed(403, 'SignatureDoesNotMatch', 'The request signature we calculated does not match.');
    return key;
  };

  return {
    handle: (call) => {
      if (/^s3\./.test(askedHost(call) ?? '')) return s3.handle(call);
      const form = formBody(call);
      const name = form.get('Action') ?? '';
      const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
      const service = serviceOf(call) ?? action?.service ?? '';
      if (call.method !== 'POST' || action?.service !== service || form.get('Version') !== VERSIONS[service])
        return failed(400, 'InvalidAction', `Could not find operation ${name}`);
      const key = caller(call, service);
      if ('status' in key) return key;
      const { needs, act } = action;
      return needs === undefined || key.scopes.includes(needs)
        ? act(key, form)
        : failed(403, 'AccessDenied', `User is not authorized to perform: ${needs}`);
    },
    keys: keys.control,
    now: origin.now,
    records: s3.records,
  };
}

const serviceOf = (call: Call) => /^(sts|iam)\./.exec(askedHost(call) ?? '')?.[1];
/** IAM is one for all regions, and signed for the first of them. */
const regionOf = (call: Call) => /^sts\.([\w-]+)\.amazonaws\.com$/.exec(askedHost(call) ?? '')?.[1] ?? 'us-east-1';

const shown = ({ id, account, createdAtMs }: ApiKey) => ({
  UserName: account,
  AccessKeyId: id,
  Status: 'Active',
  CreateDate: new Date(createdAtMs).toISOString().replace(/\.\d+/, ''),
});

type Tree = string | Tree[] | { [name: string]: Tree };

const xml = (tree: { [name: string]: Tree }): string =>
  Object.entries(tree)
    .flatMap(([name, inner]) => (Array.isArray(inner) ? inner : [inner]).map((one) => [name, one] as const))
    .map(([name, inner]) => {
      const content = typeof inner === 'string' ? escapeHtml(inner) : Array.isArray(inner) ? '' : xml(inner);
      return `<${name}>${content}</${name}>`;
    })
    .join('');

const answer = (status: number, body: string): Reply => ({ status, headers: { 'content-type': 'text/xml' }, body });

const done = (action: string, service: string, result: { [name: string]: Tree } | null): Reply =>
  answer(
    200,
    `<${action}Response xmlns="https://${service}.amazonaws.com/doc/${VERSIONS[service]}/">${xml({
      ...(result === null ? {} : { [`${action}Result`]: result }),
      ResponseMetadata: { RequestId: randomUUID() },
    })}</${action}Response>`,
  );

const failed = (status: number, code: string, message: string): Reply =>
  answer(
    status,
    xml({ ErrorResponse: { Error: { Type: 'Sender', Code: code, Message: message }, RequestId: randomUUID() } }),
  );
