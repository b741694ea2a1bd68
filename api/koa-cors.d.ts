declare module '@koa/cors' {
  import type { Context, Middleware } from 'koa';

  interface CorsOptions {
    origin: (ctx: Context) => string;
    allowMethods: string[];
    allowHeaders: string[];
    exposeHeaders: string[];
    credentials: boolean;
    maxAge: number;
  }
  export default function cors(options: CorsOptions): Middleware;
}
