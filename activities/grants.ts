import { activityInfo } from '@temporalio/activity';
import type { Connection } from '../ports/connections.ts';
import type { AuthWay, VerifiedAccount } from '../ports/connectors.ts';
import type { TokenSet } from '../ports/oauth.ts';
import { Fault, isFault } from '../ports/errors.ts';
import type { Ports } from '../ports/index.ts';
import type { SecretClass } from '../ports/secret-classes.ts';
import { connectionSecretPath, expectedWhenGone, sameValues } from '../ports/secrets.ts';
import type { SecretValues, StagedRef } from '../ports/secrets.ts';
import { missingOf, viewOf } from './connections.ts';
import type { ConnectionRef, ConnectionView } from './connections.ts';

/** A usable credential that is held for this workflow, and what the vendor said of it. */
export interface Granted {
  held: StagedRef;
  expiresAt: string | null;
  settings: Record<string, string>;
  scopes: string[] | null;
}

type Needs = Pick<
  Ports,
  'connections' | 'connectors' | 'oauth' | 'oauthApps' | 'secrets' | 'staging' | 'sinks' | 'syncs'
>;

/** Only the workflow that a value was staged for can open it. */
export const myWorkflowId = (): string => {
  const { workflowExecution } = activityInfo();
  if (!workflowExecution) throw new Fault('internal', 'staged credentials are opened from a workflow only');
  return workflowExecution.workflowId;
};

const parsed = (json: string | undefined): Record<string, string> => {
  const value: unknown = JSON.parse(json ?? '{}');
  return Object.fromEntries(
    Object.entries(value ?? {}).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  );
};

/** How a connection comes by its credential. Nothing is kept for good before a real call has shown that it works. */
export const createGrantActivities = (ports: Needs) => {
  const { connections, connectors, oauth, secrets, staging, sinks, syncs } = ports;
  const opened = (staged: StagedRef) => staging.open(staged, myWorkflowId());
  const refused = (error: unknown) => isFault(error, 'credential_rejected');

  /** Into SecretPort at once: most of these cannot be had twice. */
  const hold = async ({ values, expiresAt, settings, scopes }: TokenSet): Promise<Granted> => ({
    held: await staging.stage(myWorkflowId(), values),
    expiresAt,
    settings,
    scopes,
  });

  /** A key that stays as it is until somebody changes it is rotated by a policy; what renews itself is not. */
  const classOf = (way: AuthWay, values: SecretValues): SecretClass => {
    if (oauth.renews(way, values)) return 'oauth_tokens';
    return connectors.method(way.connectorId, way.methodId).kind === 'api_key' ? 'vendor_api_key' : 'credential';
  };

  const store = async (
    { tenantId, connectionId }: ConnectionRef,
    secretClass: SecretClass,
    values: SecretValues,
  ): Promise<number> => {
    const path = connectionSecretPath(tenantId, connectionId);
    const current = await secrets.read(path);
    // An earlier attempt may have stored just this.
    if (current && sameValues(current.values, values)) return current.version;
    const meta = { class: secretClass, createdBy: `connection:${connectionId}` };
    return secrets.put(path, current?.version ?? (await expectedWhenGone(secrets, path)), values, meta);
  };

  /** The data of two accounts is never mixed: the other one is refused, or what came from the first leaves. */
  const judgeAccount = async (before: Connection, account: VerifiedAccount, accepted: boolean): Promise<boolean> => {
    const known = before.settings['accountId'];
    if (known === undefined || known === account.accountId) return false;
    if (!accepted) {
      const [old, other] = [before.settings['accountName'] ?? known, account.accountName];
      throw new Fault(
        'conflict',
        `this connection belongs to ${old} (${known}); ${other} (${account.accountId}) is another account: connect with the first one, or accept the other, which starts over with its data`,
        { fields: [{ path: 'acceptOtherAccount', message: `${account.accountId} is not ${known}` }] },
      );
    }
    await sinks.clear(before.tenantId, before.id);
    await syncs.clear(before.tenantId, before.id);
    return true;
  };

  return {
    /** What was typed into the form: a credential, or what the first token is got with. */
    grantByForm: async (way: AuthWay, staged: StagedRef): Promise<Granted> => {
      const values = await opened(staged);
      if (oauth.renews(way, values)) return hold(await oauth.renew(way, values));
      return { held: staged, expiresAt: null, settings: {}, scopes: null };
    },

    /** What the vendor's redirect brought, traded for tokens. */
    grantByRedirect: async (way: AuthWay, staged: StagedRef): Promise<Granted> => {
      const { answer, proof, redirectUri = '' } = await opened(staged);
      return hold(await oauth.complete(way, redirectUri, parsed(answer), parsed(proof)));
    },

    /** Tokens of a grant that was made elsewhere; a lapsed one is renewed first. */
    grantByImport: async (way: AuthWay, staged: StagedRef, expiresAt: string | null): Promise<Granted> => {
      const given = await opened(staged);
      const end = expiresAt ?? given['expiresAt'] ?? null;
      const values = end === null ? given : { ...given, expiresAt: end };
      const asGiven: TokenSet = { values, expiresAt: end, settings: {}, scopes: null };
      try {
        await connectors.verify(way, values);
        return await hold(asGiven);
      } catch (error) {
        if (!refused(error) || !oauth.renews(way, values)) throw error;
        return hold(await oauth.renew(way, values));
      }
    },

    /** Tests what is held by a real call, and only then keeps it. The state is the workflow's to change. */
    keepGrant: async (
      ref: ConnectionRef,
      way: AuthWay,
      granted: Granted,
      acceptOtherAccount: boolean,
    ): Promise<ConnectionView> => {
      const values = await opened(granted.held);
      const said = { ...way.settings, ...granted.settings };
      const account = await connectors.verify({ ...way, settings: said }, values);
      const before = await connections.get(ref.tenantId, ref.connectionId);
      const isOther = await judgeAccount(before, account, acceptOtherAccount);
      const secretVersion = await store(ref, classOf(way, values), values);
      const { accountId, accountName, settings } = account;
      const changed = await connections.change(ref.tenantId, ref.connectionId, {
        authMethod: way.methodId,
        scopes: granted.scopes,
        settings: { ...(isOther ? {} : before.settings), ...said, ...settings, accountId, accountName },
        secretVersion,
        tokenExpiresAt: granted.expiresAt,
      });
      return viewOf(changed, await missingOf(ports, way, granted.scopes));
    },

    discardStaged: (staged: StagedRef): Promise<void> => staging.discard(staged),
  };
};
