import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

/** `node bundle-program.ts <workflows folder> <file to write>`: run by `bundle.ts`. */
const [folder, file] = process.argv.slice(2);
if (folder === undefined || file === undefined) throw new Error('Two arguments are needed: folder and file.');
const { code } = await bundleWorkflowCode({ workflowsPath: join(folder, 'index.ts'), logger: new DefaultLogger('ERROR') });
await writeFile(file, code);
