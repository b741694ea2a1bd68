import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const room = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));

export const WORKFLOWS_PATH = room('workflows/index.ts');
const FAILURE_CONVERTER_PATH = room('workflows/failure-converter.ts');
const INTERCEPTORS = [room('workflows/lib/size-guard.ts')];

/** One file of all workflow code, with its failure converter. */
export async function buildBundle(workflowsPath = WORKFLOWS_PATH): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    failureConverterPath: FAILURE_CONVERTER_PATH,
    workflowInterceptorModules: INTERCEPTORS,
    logger: new DefaultLogger('WARN'),
  });
  return code;
}

const sourcesOf = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true }))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => path.join(folder, name))
    .sort();

/** Path of a bundle of these sources, built once for each state of them: the many processes of a test run share it. */
export async function cachedBundle(workflowsPath = WORKFLOWS_PATH): Promise<string> {
  const sdk = await readFile(fileURLToPath(import.meta.resolve('@temporalio/worker/package.json')));
  const hash = createHash('sha256').update(workflowsPath).update(sdk);
  const folders = new Set([path.dirname(workflowsPath), room('workflows'), room('ports')]);
  for (const folder of folders) {
    for (const file of await sourcesOf(folder)) hash.update(file).update(await readFile(file));
  }
  const cache = path.join(tmpdir(), 'bizosaas-bundles');
  const bundle = path.join(cache, `${hash.digest('hex').slice(0, 32)}.js`);
  const isThere = await access(bundle).then(
    () => true,
    () => false,
  );
  if (isThere) return bundle;
  await mkdir(cache, { recursive: true });
  const draft = `${bundle}.${randomUUID()}`;
  await writeFile(draft, await buildBundle(workflowsPath));
  await rename(draft, bundle);
  return bundle;
}
