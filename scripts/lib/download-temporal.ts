// Makes the SDK download its dev server into the folder given, and stops that server again.
import { TestWorkflowEnvironment } from '@temporalio/testing';

const downloadDir = process.argv[2] ?? '.';
const environment = await TestWorkflowEnvironment.createLocal({
  server: { executable: { type: 'cached-download', downloadDir } },
});
await environment.teardown();
