import { sleep } from '@temporalio/workflow';
import * as house from '../../workflows/index.ts';

/** Every workflow of the house with one timer more: what the replay gate must refuse. */
const late =
  <Args extends unknown[], Result>(workflow: (...args: Args) => Promise<Result>) =>
  async (...args: Args): Promise<Result> => {
    await sleep(1);
    return workflow(...args);
  };

export const approval = late(house.approval);
export const connection = late(house.connection);
export const connectorWrite = late(house.connectorWrite);
export const conversation = late(house.conversation);
export const migrateSecrets = late(house.migrateSecrets);
export const onboardTenant = late(house.onboardTenant);
export const rotateSecret = late(house.rotateSecret);
export const runAgent = late(house.runAgent);
export const runCrew = late(house.runCrew);
export const syncStream = late(house.syncStream);
export const tellPeople = late(house.tellPeople);
export const verifyCredential = late(house.verifyCredential);
export const webhookInbox = late(house.webhookInbox);
