/** A client for looking at many jobs, of which some may be encrypted under a key that is not here. */
import { Client } from '@temporalio/client';
import { tolerant } from '../payloads/data-converter.ts';

/** The same connection and namespace; a memo that can't be decrypted comes as `Unreadable` and ends no listing. */
export function tolerantClient({ connection, options }: Client): Client {
  const { payloadCodecs } = tolerant(options.loadedDataConverter);
  return new Client({ connection, namespace: options.namespace, dataConverter: { payloadCodecs } });
}
