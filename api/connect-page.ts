import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type Router from '@koa/router';
import type { Context } from 'koa';
import type { ApiSettings } from './deps.ts';
import { hasDevLogin } from './routes/auth.ts';
import { sha256 } from './tokens.ts';

const FOLDER = fileURLToPath(new URL('../portals/connect/', import.meta.url));
/** What others ask for comes before them. */
const ASSETS = [
  ['connect.css', 'text/css'],
  ['parts.js', 'text/javascript'],
  ['form.js', 'text/javascript'],
  ['session.js', 'text/javascript'],
  ['sign-in.js', 'text/javascript'],
  ['connect.js', 'text/javascript'],
] as const;

const NO_SIGN_IN = '<meta name="sign-in" content="none" />';
const DEV_SIGN_IN = '<meta name="sign-in" content="development" />';

interface File {
  type: string;
  text: string;
  version: string;
}

const fileOf = (type: string, text: string): File => ({ type, text, version: sha256(text).slice(0, 16) });

/** The version in an asset's address is of its own text, so that the address may be kept for ever. */
const withVersions = (text: string, assets: Map<string, File>): string =>
  [...assets].reduce((all, [name, { version }]) => all.replaceAll(`/${name}`, `/${name}?v=${version}`), text);

const policy = (portalOrigins: string[]): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${portalOrigins.length === 0 ? "'none'" : portalOrigins.join(' ')}`,
  ].join('; ');

const send = (ctx: Context, { type, text, version }: File, isKept: boolean): void => {
  ctx.type = type;
  ctx.set('Cache-Control', isKept ? 'public, max-age=31536000, immutable' : 'no-cache');
  ctx.set('ETag', `"${version}"`);
  ctx.body = text;
  ctx.status = 200;
  if (ctx.fresh) {
    ctx.status = 304;
    ctx.body = null;
  }
};

/** The one page of connect sessions: static files that talk to this API as any portal would. */
export const connectPage = (router: Router, settings: ApiSettings): void => {
  const read = (name: string) => readFileSync(`${FOLDER}${name}`, 'utf8');
  const assets = new Map<string, File>();
  for (const [name, type] of ASSETS) assets.set(name, fileOf(type, withVersions(read(name), assets)));
  const html = withVersions(read('index.html'), assets);
  // The link of a note asks who opens it, by the one login that there is so far.
  const page = fileOf('text/html', hasDevLogin(settings) ? html.replace(NO_SIGN_IN, DEV_SIGN_IN) : html);
  const content = policy(settings.portalOrigins);

  router.get('/connect', (ctx) => {
    ctx.set('Content-Security-Policy', content);
    // Portals open it in a window or a frame of theirs, and are told how it ends.
    ctx.remove('X-Frame-Options');
    ctx.set('Cross-Origin-Opener-Policy', 'unsafe-none');
    send(ctx, page, false);
  });
  for (const [name, file] of assets) {
    router.get(`/connect/${name}`, (ctx) => send(ctx, file, ctx.query['v'] === file.version));
  }
};
