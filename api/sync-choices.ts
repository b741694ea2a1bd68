import type { ConnectorInfo } from '../ports/connectors.ts';
import type { FieldError } from '../ports/errors.ts';
import type { StreamChoice } from '../ports/tenants.ts';

/** What a schema cannot know: which of a connector's streams there are, and which sink can take each. */
export const wrongChoices = ({ id, streams }: ConnectorInfo, sync: StreamChoice[], path: string): FieldError[] =>
  sync.flatMap(({ stream, sink }, at) => {
    const wrong: FieldError[] = [];
    const field = `${path}.${at}`;
    const offered = streams.find(({ name }) => name === stream);
    if (offered === undefined) {
      const names = streams.map(({ name }) => name).join(', ') || 'none';
      wrong.push({ path: `${field}.stream`, message: `${id} offers ${names}` });
    } else if (sink === 'knowledge' && !offered.text) {
      wrong.push({ path: `${field}.sink`, message: `${stream} is no text; choose the sink store` });
    }
    if (sync.findIndex((other) => other.stream === stream) !== at) {
      wrong.push({ path: `${field}.stream`, message: `${stream} is named twice` });
    }
    return wrong;
  });
