import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { Fault } from '../../ports/errors.ts';

/** An answer with its body as it came over the wire. */
export interface Raw {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

export interface Terms {
  bytesMax: number;
  host: string;
  signal: AbortSignal;
  /** Looks at an answer before its body comes; what it throws ends the exchange. */
  admit: (answer: Omit<Raw, 'body'>) => void;
  /** The request begins to be written to its socket: from then on the other side may act on it. */
  sent: () => void;
}

/**
 * One request and its whole answer. The dispatcher is asked directly: a stream around a body that is held whole anyway would
 * cost as much as all the rest of a call. Rejects with the signal's reason, what `admit` threw, `provider_garbage` for too big
 * a body, or what broke.
 */
export const exchange = (
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  { bytesMax, host, signal, admit, sent }: Terms,
): Promise<Raw> =>
  new Promise((done, refuse) => {
    let control: Dispatcher.DispatchController | undefined;
    let head: Omit<Raw, 'body'> = { status: 0, headers: {} };
    const parts: Buffer[] = [];
    let size = 0;

    const leave = (): void => signal.removeEventListener('abort', abort);
    const fail = (error: Error): void => {
      leave();
      refuse(error);
      // A file that nobody sends any more.
      if (request.body instanceof Readable) request.body.on('error', () => undefined).destroy();
    };
    const end = (error: Error): void => {
      fail(error);
      control?.abort(error);
    };
    function abort(): void {
      end(signal.reason as Error);
    }
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });

    dispatcher.dispatch(request, {
      onRequestStart(controller) {
        if (signal.aborted) return controller.abort(signal.reason as Error);
        control = controller;
        sent();
      },
      onResponseStart(_controller, status, headers) {
        if (status < 200) return;
        head = { status, headers };
        try {
          admit(head);
        } catch (error) {
          end(error as Error);
        }
      },
      onResponseData(_controller, part) {
        size += part.length;
        if (size > bytesMax) end(new Fault('provider_garbage', `${host} answered with more than ${bytesMax} bytes`));
        else parts.push(part);
      },
      onResponseEnd() {
        leave();
        done({ ...head, body: parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts, size) });
      },
      onResponseError(_controller, error) {
        fail(error);
      },
    });
  });
