import type { SecretValues } from '../../ports/secrets.ts';
import type { BodyStream } from '../http/client.ts';
import type { Params, Use } from './auth-methods.ts';
import { signedHeader, signedUrl } from './oauth1.ts';
import { filled } from './paths.ts';
import { signedHeaders } from './sigv4.ts';

/** Puts the credential into one API call, where the vendor wants it. */
export async function authorized(
  use: Use,
  settings: Params,
  secret: SecretValues,
  said: { method: string; url: string; headers?: Params; body?: string | BodyStream },
): Promise<{ url: string; headers: Params }> {
  const { method, url } = said;
  const values = { ...settings, ...secret };
  const fill = (template: string) => filled(template, values);
  switch (use.in) {
    case 'header':
      return { url, headers: { [use.name]: fill(use.template) } };
    case 'basic': {
      const pair = `${fill(use.user)}:${fill(use.password)}`;
      return { url, headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } };
    }
    case 'query': {
      const dressed = new URL(url);
      for (const [name, template] of Object.entries(use.params)) dressed.searchParams.set(name, fill(template));
      return { url: dressed.href, headers: {} };
    }
    case 'oauth1': {
      const consumer = { key: fill(use.consumer.key), secret: fill(use.consumer.secret) };
      const token = use.token && { key: fill(use.token.key), secret: fill(use.token.secret) };
      const signing = { algorithm: use.algorithm, consumer, ...(token && { token }), method, url };
      return use.at === 'query'
        ? { url: signedUrl(signing), headers: {} }
        : { url, headers: { authorization: signedHeader(signing) } };
    }
    case 'sigv4': {
      const key = { accessKeyId: fill(use.accessKeyId), secretAccessKey: fill(use.secretAccessKey) };
      return { url, headers: await signedHeaders(key, said) };
    }
  }
}
