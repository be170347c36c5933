import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

/** `node bundle-program.ts <workflows folder> <file to write>`: run by `bundle.ts`. */
const [folder, file] = process.argv.slice(2);
if (folder === undefined || file === undefined) throw new Error('Two arguments are needed: folder and file.');
const { code } = await bundleWorkflowCode({
  workflowsPath: join(folder, 'index.ts'),
  logger: new DefaultLogger('ERROR'),
});

// The source map would cost every worker 15 MB; the bundle is not minified, so that stack traces can be read without it.
const marker = '//# sourceMappingURL=data:application/json;base64,';
const emptyMap = Buffer.from(
  JSON.stringify({ version: 3, file: 'workflows.js', sources: [], names: [], mappings: '' }),
).toString('base64');
await writeFile(file, `${code.slice(0, code.lastIndexOf('//# sourceMappingURL='))}${marker}${emptyMap}\n`);
