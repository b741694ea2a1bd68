import type { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';

/** First bytes of the messages that begin or go on with a statement in parts, and of the one that ends it. */
const PARTS = new Set(['P', 'B', 'D', 'E', 'C', 'H'].map((letter) => letter.charCodeAt(0)));
const SYNC = Uint8Array.from([0x53, 0, 0, 0, 4]);

/**
 * The embedded database as the socket server shall see it. All connections share one session, and the server keeps them
 * apart only while a transaction is open: the parts of a statement with parameters would mix with those of others, and
 * after an error the session throws away whatever comes until a Sync, whosever it is. So a statement in parts counts as a
 * transaction until its Sync.
 */
const keptApart = (db: PGlite): PGlite => {
  let inParts = false;
  const execProtocolRawStream: PGlite['execProtocolRawStream'] = (message, options) => {
    inParts = PARTS.has(message[0] ?? 0);
    return db.execProtocolRawStream(message, options);
  };
  // Asked only for a ROLLBACK, when a connection went away in the middle.
  const exec: PGlite['exec'] = async (query, options) => {
    if (inParts) await db.execProtocolRaw(SYNC);
    inParts = false;
    return db.isInTransaction() ? db.exec(query, options) : [];
  };
  const over = { isInTransaction: () => inParts || db.isInTransaction(), execProtocolRawStream, exec };
  return new Proxy(db, {
    get(target, name) {
      if (Object.hasOwn(over, name)) return over[name as keyof typeof over];
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
};

/** The embedded database behind a socket of its own, for PostgreSQL's clients. */
export const serveEmbedded = (
  db: PGlite,
  listen: { host: string; port: number; maxConnections: number },
): PGLiteSocketServer => new PGLiteSocketServer({ db: keptApart(db), ...listen });
