import type { Context } from 'koa';

const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

const POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const html = (title: string, message: string, outcome: 'good' | 'bad'): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(title)}</title>
<link rel="stylesheet" href="/connect/connect.css">
</head>
<body>
<main class="card">
<section class="outcome ${outcome}">
<h1>${escape(title)}</h1>
<p>${escape(message)}</p>
</section>
</main>
</body>
</html>
`;

/** What a browser is shown after a vendor sent it back: no script, no address of anything, nothing from outside. */
export const showPage = (
  ctx: Context,
  status: number,
  { title, message, outcome }: { title: string; message: string; outcome: 'good' | 'bad' },
): void => {
  ctx.status = status;
  ctx.set('Content-Security-Policy', POLICY);
  ctx.type = 'html';
  ctx.body = html(title, message, outcome);
};
