import { createTransport } from 'nodemailer';
import { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import type { Message } from './message.ts';

export interface Smtp {
  url: string;
  from: string;
}

const TIMEOUT_MS = 10_000;

const Refusal = z.object({ code: z.string().optional(), responseCode: z.number().optional() }).catch({});

/** By the answer's code; what the server wrote beside it may name people, and stays here. */
const smtpFault = (error: unknown): Fault => {
  const { code = '', responseCode } = Refusal.parse(error);
  const isTemporary = responseCode !== undefined && responseCode < 500;
  const detail = { providerCode: responseCode === undefined ? code || null : String(responseCode) };
  if (!isTemporary && (code === 'EAUTH' || code === 'ENOAUTH')) {
    return new Fault('provider_rejected', 'The mail server refuses the login of SMTP_URL; correct it.', detail);
  }
  if (code === 'ETLS') {
    const mend = 'The mail server offers no valid TLS, without which no password is sent; correct SMTP_URL.';
    return new Fault('provider_rejected', mend, detail);
  }
  if (responseCode !== undefined && responseCode >= 500) {
    return new Fault('provider_rejected', `The mail server refuses the message (${responseCode}).`, detail);
  }
  return new Fault('provider_down', 'The mail server does not take messages now.', detail);
};

export const createMailer = (smtp: Smtp | null) => {
  // Nothing is opened yet: each message has a connection of its own.
  const transport = smtp && {
    from: smtp.from,
    send: createTransport({
      url: smtp.url,
      requireTLS: new URL(smtp.url).username !== '',
      connectionTimeout: TIMEOUT_MS,
      greetingTimeout: TIMEOUT_MS,
      socketTimeout: TIMEOUT_MS,
      disableFileAccess: true,
      disableUrlAccess: true,
    }),
  };

  return async (addresses: string[], { id, subject, url }: Message): Promise<string> => {
    if (!transport) {
      throw new Fault('unsupported', 'No mail server is set up; set SMTP_URL, or use another kind of channel.');
    }
    if (addresses.length === 0) return 'Nobody has the role to be told.';
    const { accepted } = await transport.send
      .sendMail({
        from: transport.from,
        // Those who are told need not know each other.
        bcc: addresses,
        subject,
        text: `${subject}\n\n${url}\n`,
        messageId: `<${id}@${new URL(url).hostname}>`,
        headers: { 'auto-submitted': 'auto-generated' },
      })
      .catch((error: unknown) => {
        throw smtpFault(error);
      });
    return `The mail server took it for ${accepted.length} of ${addresses.length}.`;
  };
};
