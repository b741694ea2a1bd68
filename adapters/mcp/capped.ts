import { Fault } from '../../ports/errors.ts';

const BYTES_MAX = 4 * 1024 * 1024;

/** The answer, which breaks off when it is larger than any honest one. */
export function capped(answer: Response, host: string, tell: (fault: Fault) => void): Response {
  if (answer.body === null) return answer;
  let bytes = 0;
  const body = answer.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.byteLength;
        if (bytes <= BYTES_MAX) return controller.enqueue(chunk);
        const fault = new Fault('provider_garbage', `${host} answered with more than ${BYTES_MAX} bytes`);
        tell(fault);
        return controller.error(fault);
      },
    }),
  );
  const { status, statusText, headers } = answer;
  return new Response(body, { status, statusText, headers: new Headers([...headers]) });
}
